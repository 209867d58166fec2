"""Measures `lz4_stream` against python-lz4's `lz4.stream`, in one process, taking turns.

    python bench.py [--part PART]... [FILE...]

Needs python-lz4 built with PYLZ4_EXPERIMENTAL=TRUE, and numpy. The data are the FILEs, up to 8 MiB of each, or else
made from a seed. All figures are medians. The PARTs are calls, stream, buffers, default, fast and high; without any,
all.
"""

import argparse
import io
import random
import statistics
import time

import lz4.stream
import lz4_stream
import numpy

MB = 1_000_000
MODES = {
    "default": {},
    "fast, acceleration 8": {"mode": "fast", "acceleration": 8},
    "high compression, level 9": {"mode": "high_compression", "compression_level": 9},
}
PAGE_SIZES = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20]


def made_data():
    rng = random.Random(1)
    words = [bytes(rng.choices(b"etaoinshrdlu", k=rng.randint(1, 9))) for _ in range(3000)]
    text = b" ".join(words[int(rng.random() ** 2 * 3000)] for _ in range(800_000))
    log = b"".join(
        b"2026-11-24T%02d:%02d:%02d INFO worker-%d: request %d took %d ms, status %d\n"
        % (n // 3600 % 24, n // 60 % 60, n % 60, rng.randrange(16), n * 7, rng.randrange(900), rng.choice((200, 404)))
        for n in range(50_000)
    )
    records = b"".join(
        rng.randrange(1 << 20).to_bytes(4, "little") + bytes(4) + (n * 1000).to_bytes(8, "little") + b"ok\0\0"
        for n in range(200_000)
    )
    return {"text": text, "log": log, "records": records}


def cpu(call):
    """Seconds of processor time of this thread, which other programs disturb less than the time of the clock."""
    start = time.thread_time_ns()
    call()
    return (time.thread_time_ns() - start) / 1e9


def taking_turns(calls, rounds, seconds=cpu):
    """The median of each call. What came first comes last in the next round."""
    times = [[] for _ in calls]
    order = list(range(len(calls)))
    for _ in range(rounds):
        for which in order:
            times[which].append(seconds(calls[which]))
        order.reverse()
    return [statistics.median(of_one) for of_one in times]


def codecs(data, parts):
    print("Compression and decompression by pages: MB/s of lz4_stream / of python-lz4 = ratio, geometric means over")
    print(", ".join("%s (%.1f MB)" % (name, len(content) / MB) for name, content in data.items()))
    for mode, settings in MODES.items():
        if not mode.startswith(tuple(parts)):
            continue
        for page_size in PAGE_SIZES:
            rounds = 5 if "high" in mode else 9
            rates = []
            for content in data.values():
                pages = [content[at : at + page_size] for at in range(0, len(content), page_size)]
                compressors, decompressors, blocks = [], [], []
                for module in (lz4_stream, lz4.stream):

                    def compress(module=module):
                        compressor = module.LZ4StreamCompressor("double_buffer", page_size, **settings)
                        return [compressor.compress(page) for page in pages]

                    compressors.append(compress)
                # Both decompress what python-lz4 made.
                blocks = [block[4:] for block in compressors[1]()]
                for module in (lz4_stream, lz4.stream):

                    def decompress(module=module):
                        decompressor = module.LZ4StreamDecompressor("double_buffer", page_size)
                        for block in blocks:
                            decompressor.decompress(block)

                    decompressors.append(decompress)
                times = taking_turns(compressors, rounds) + taking_turns(decompressors, rounds)
                rates.append([len(content) / MB / seconds for seconds in times])
            c, cp, d, dp = (statistics.geometric_mean(column) for column in zip(*rates))
            lowest = [min(row[i] / row[i + 1] for row in rates) for i in (0, 2)]
            slower = [
                "%s of %s %.2f" % (kind, name, row[i] / row[i + 1])
                for i, kind in ((0, "compression"), (2, "decompression"))
                for name, row in zip(data, rates)
                if row[i] < row[i + 1]
            ]
            print(
                "%-26s %5d KiB  compress %5.0f / %5.0f = %.2f (lowest %.2f)"
                "  decompress %5.0f / %5.0f = %.2f (lowest %.2f)"
                % (mode, page_size >> 10, c, cp, c / cp, lowest[0], d, dp, d / dp, lowest[1])
            )
            if slower:
                print("    slower than python-lz4: " + ", ".join(slower))


BUFFERS = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": lambda data: memoryview(bytearray(data)),
    "numpy array": lambda data: numpy.frombuffer(data, "u1").copy(),
}


def buffers(data):
    """Other objects than `bytes`, which are copied first."""
    print("What other buffers than bytes cost (and the lowest speed over that of python-lz4 with the same buffers)")
    for page_size in (4 << 10, 64 << 10, 1 << 20):
        for what in ("default", "fast, acceleration 8", "decompress"):
            costs, ratios = {kind: [] for kind in BUFFERS}, {kind: [] for kind in BUFFERS}
            for content in data.values():
                pages = [content[at : at + page_size] for at in range(0, len(content), page_size)]
                if what == "decompress":
                    compressor = lz4.stream.LZ4StreamCompressor("double_buffer", page_size)
                    pages = [compressor.compress(page)[4:] for page in pages]
                calls = []
                for make in BUFFERS.values():
                    made = [make(page) for page in pages]
                    for module in (lz4_stream, lz4.stream):

                        def call(made=made, module=module):
                            if what == "decompress":
                                method = module.LZ4StreamDecompressor("double_buffer", page_size).decompress
                            else:
                                method = module.LZ4StreamCompressor("double_buffer", page_size, **MODES[what]).compress
                            for page in made:
                                method(page)

                        calls.append(call)
                times = taking_turns(calls, 9)
                for n, kind in enumerate(BUFFERS):
                    costs[kind].append(times[2 * n] / times[0])
                    ratios[kind].append(times[2 * n + 1] / times[2 * n])
            print(
                "%5d KiB  %-21s" % (page_size >> 10, what)
                + ", ".join(
                    "%s %+.0f %% (%.2f)" % (kind, 100 * statistics.geometric_mean(costs[kind]) - 100, min(ratios[kind]))
                    for kind in BUFFERS
                )
            )


def whole_stream(data):
    """`open().read()` against the loop of python-lz4's documentation."""
    page_size = 1 << 20
    content = b"".join(data.values())
    ratio = len(content) / len(lz4_stream.compress(content, buffer_size=page_size))
    content = (content * (int(100 * MB * ratio) // len(content) + 1))[: int(100 * MB * ratio)]
    stream = lz4_stream.compress(content, buffer_size=page_size)
    documented_stream = bytearray(stream)

    def read():
        with lz4_stream.open(io.BytesIO(stream)) as file:
            return file.read()

    def documented():
        decompressed_stream = bytearray()
        with lz4.stream.LZ4StreamDecompressor("double_buffer", page_size) as proc:
            offset = 0
            while offset < len(documented_stream):
                block = proc.get_block(documented_stream[offset:])
                chunk = proc.decompress(block)
                decompressed_stream.extend(chunk)
                offset += 4 + len(block)
        return decompressed_stream

    assert read() == documented() == content
    ours, theirs, one_shot = taking_turns([read, documented, lambda: lz4_stream.decompress(stream)], 5)
    print(
        "A stream of %.0f MB, %.0f MB of content in pages of 1 MiB: open().read() %.0f ms, decompress() %.0f ms,\n"
        "the documented loop of python-lz4 %.0f ms = %.1f times"
        % (len(stream) / MB, len(content) / MB, ours * 1e3, one_shot * 1e3, theirs * 1e3, theirs / ours)
    )


def per_call():
    """Nanoseconds of a call with next to nothing to do."""
    for length in (16, 1000):
        page = (b"how much wood would a woodchuck " * 40)[:length]
        row = []
        for name in ("compress", "decompress", "get_block"):
            calls = []
            for module in (lz4_stream, lz4.stream):
                compressor = module.LZ4StreamCompressor("double_buffer", 4096)
                decompressor = module.LZ4StreamDecompressor("double_buffer", 4096)
                block = compressor.compress(page)
                argument = {"compress": page, "decompress": block[4:], "get_block": block}[name]
                method = getattr(compressor if name == "compress" else decompressor, name)

                def repeat(method=method, argument=argument):
                    for _ in range(20_000):
                        method(argument)

                calls.append(repeat)
            ours, theirs = (seconds / 20_000 * 1e9 for seconds in taking_turns(calls, 11))
            row.append("%s %.0f / %.0f" % (name, ours, theirs))
        print("ns a call with a page of %d bytes, lz4_stream / python-lz4: %s" % (length, ", ".join(row)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", action="append", choices=["calls", "stream", "buffers", "default", "fast", "high"])
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    parts = arguments.part or ["calls", "stream", "buffers", "default", "fast", "high"]
    if arguments.files:
        data = {}
        for path in arguments.files:
            with open(path, "rb") as file:
                data[path.rsplit("/", 1)[-1]] = file.read(8 << 20)
    else:
        data = made_data()
    if "calls" in parts:
        per_call()
    if "stream" in parts:
        whole_stream(data)
    if "buffers" in parts:
        buffers(data)
    if {"default", "fast", "high"} & set(parts):
        codecs(data, parts)


if __name__ == "__main__":
    main()
