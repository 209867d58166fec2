"""Exchanges streams between python-lz4 and the Rust codecs, both ways, in one process.

    python exchange.py [FILE...]

Needs `lz4_stream`, which has the Rust codecs, and python-lz4 with `lz4.stream`. The beginning of each FILE is exchanged
like the generated data. Exits non-zero if any stream decodes incorrectly.

The Rust codecs must decode every stream of python-lz4, whatever the lengths of its pages. python-lz4 with the same page
size must decode every stream of the Rust codecs. python-lz4 need not decode its own streams: its decoder is wrong on
some.
"""

import io
import itertools
import random
import sys

import lz4.stream
import lz4_stream
import make_golden

SEED = 20240
POOL = 6 << 20

PAGE_SIZES = [1, 2, 3, 13, 17, 100, 239, 256, 1000, 1024, 4096, 32768, 65264, 65535, 65536, 70000, 262144, 1 << 20,
              4 << 20]
LARGEST_PAGE = {0: 4 << 20, 1: 239, 2: 65264, 4: 4 << 20}

MODES = ([('default', 0)]
         + [('fast', acceleration) for acceleration in (-1, 0, 1, 2, 7, 50, 1000, 65537, 100000)]
         + [('high_compression', level) for level in range(17)])


def words(rng, n):
    vocabulary = [''.join(rng.choices('etaoinshrdlu', k=rng.randint(1, 9))).encode() for _ in range(2000)]
    # Squared, so that some words are more frequent.
    picks = (vocabulary[int(rng.random() ** 2 * 2000)] for _ in range(n // 4))
    return b' '.join(picks)[:n]


def mixed(rng, pools, n):
    pieces = []
    while n > 0:
        pool = rng.choice(pools)
        length = min(n, int(2 ** rng.uniform(1, 15)))
        start = rng.randrange(len(pool) - length + 1)
        pieces.append(pool[start:start + length])
        n -= length
    return b''.join(pieces)


def make_pools(rng, files):
    text = words(rng, 1 << 20)
    text *= POOL // len(text)
    noise = rng.randbytes(POOL)
    zeros = bytes(POOL)
    pools = {
        'text': text,
        'random': noise,
        'zeros': zeros,
        'periodic': (noise[:113] * 40 + noise[113:120] * 300 + noise[:5003] * 7 + noise[:70001] * 3) * 30,
        'mixed': mixed(rng, [text[:1 << 20], noise[:1 << 16], zeros], POOL),
    }
    for file in files:
        with open(file, 'rb') as f:
            pools[file] = f.read(4 << 20)
    return pools


def echo(rng, page_size, n):
    """Random bytes that repeat bytes from up to three pages before: they reveal windows of the wrong length."""
    data = bytearray(rng.randbytes(min(n, page_size)))
    while len(data) < n:
        length = rng.randint(1, max(1, page_size // 3))
        if rng.random() < 0.3:
            data += rng.randbytes(length)
        else:
            back = min(len(data), rng.randint(1, 3 * page_size))
            data += data[len(data) - back:][:length]
    return bytes(data[:n])


def cut(rng, data, page_size, short):
    """Splits data into full pages, or with short pages in between, as after a flush."""
    pages = []
    while data:
        length = page_size
        if short and rng.random() < 0.5:
            length = rng.randint(1, page_size)
        pages.append(data[:length])
        data = data[length:]
    return pages


def with_empty_pages(rng, pages, page_size):
    """Puts empty pages in between, where python-lz4's encoder supports them.

    After a full page in the first of its two buffers and an empty page, it still uses the full page as history, but
    overwrites it with the next page. If that page is full too, no decoder can decode its block.
    """
    out = []
    for page in pages:
        behind_full_first = out and len(out) % 2 == 1 and len(out[-1]) == page_size
        if rng.random() < 0.2 and not (behind_full_first and len(page) == page_size):
            out.append(b'')
        out.append(page)
    return out


class Exchange:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, run, expected):
        try:
            wrong = None if run() == expected else 'wrong bytes'
        except (lz4_stream.LZ4StreamError, lz4.stream.LZ4StreamError, OverflowError, ValueError) as error:
            wrong = repr(error)
        if wrong:
            self.failed += 1
            print('FAILED', name, wrong, file=sys.stderr)
        else:
            self.passed += 1

    def python_compress(self, pages, page_size, width, mode, parameter, dictionary):
        # The dictionary must outlive the compressor, which keeps only a pointer.
        compressor = lz4.stream.LZ4StreamCompressor(
            'double_buffer', page_size, mode=mode, acceleration=max(parameter, 0), compression_level=parameter,
            store_comp_size=width, dictionary=dictionary)
        return [compressor.compress(page) for page in pages]

    def python_decompress(self, stream, sizes, page_size, width, dictionary):
        decompressor = lz4.stream.LZ4StreamDecompressor('double_buffer', page_size, store_comp_size=width,
                                                        dictionary=dictionary)
        pages, at = [], 0
        if width == 0:
            for size in sizes:
                pages.append(decompressor.decompress(stream[at:at + size]))
                at += size
        longest = lz4.stream.LZ4_MAX_INPUT_SIZE if width == 0 else width + page_size + page_size // 255 + 16
        while at < len(stream):
            block = decompressor.get_block(stream[at:at + longest])
            pages.append(decompressor.decompress(block))
            at += width + len(block)
        return b''.join(pages)

    def rust_read(self, blocks, page_size, width, dictionary):
        """As a file."""
        stream = io.BytesIO(b''.join(blocks))
        with lz4_stream.open(stream, buffer_size=page_size, store_comp_size=width, dictionary=dictionary) as file:
            return file.read()

    def rust_decompress(self, blocks, page_size, width, dictionary):
        """Block by block."""
        decompressor = lz4_stream.LZ4StreamDecompressor('double_buffer', page_size, store_comp_size=width,
                                                        dictionary=dictionary)
        pages = []
        for block in blocks:
            if width:
                block = decompressor.get_block(block + b'more')
            pages.append(decompressor.decompress(block))
        return b''.join(pages)

    def rust_write(self, pages, page_size, width, mode, parameter, dictionary):
        """As a file."""
        stream = io.BytesIO()
        effort = {'fast': {'acceleration': parameter}, 'high_compression': {'compression_level': parameter}}
        with lz4_stream.open(stream, 'wb', buffer_size=page_size, store_comp_size=width, dictionary=dictionary,
                             **effort.get(mode, {})) as file:
            for page in pages:
                file.write(page)
                file.flush()
        return stream.getvalue(), []

    def rust_compress(self, pages, page_size, width, mode, parameter, dictionary):
        """Block by block."""
        compressor = lz4_stream.LZ4StreamCompressor(
            'double_buffer', page_size, mode=mode, acceleration=parameter, compression_level=parameter,
            store_comp_size=width, dictionary=dictionary)
        blocks = [compressor.compress(page) for page in pages]
        return b''.join(blocks), [len(block) for block in blocks]

    def both_ways(self, rng, name, content, page_size, width, mode, parameter, dictionary, short):
        pages = cut(rng, content, page_size, short)
        # A file needs the sizes.
        by_page = width == 0 or rng.random() < 0.5

        with_empty = with_empty_pages(rng, pages, page_size) if short else pages
        blocks = self.python_compress(with_empty, page_size, width, mode, parameter, dictionary)
        read = self.rust_decompress if by_page else self.rust_read
        self.check('python to %s, %s' % (read.__name__, name),
                   lambda: read(blocks, page_size, width, dictionary), content)

        write = self.rust_compress if by_page else self.rust_write
        def to_python():
            stream, sizes = write(pages, page_size, width, mode, parameter, dictionary)
            return self.python_decompress(stream, sizes, page_size, width, dictionary)
        self.check('%s to python, %s' % (write.__name__, name), to_python, content)

    def matrix(self, rng, pools):
        noise, text = pools['random'], pools['text']
        dictionaries = {
            'none': b'',
            'tiny': noise[:5],
            'short': text[1000:3000] + noise[:1000],
            'long': noise[5000:50000] + text[:60000] + noise[:5000],
        }
        modes = itertools.cycle(rng.sample(MODES, len(MODES)))
        dictionary_names = itertools.cycle(dictionaries)
        kinds = [*pools, 'echo']
        for page_size, width, short, kind in itertools.product(PAGE_SIZES, LARGEST_PAGE, (False, True), kinds):
            if page_size > LARGEST_PAGE[width]:
                continue
            # Every combination for small pages; as many as time allows for large ones.
            names, times, page_count = (
                (list(dictionaries), 8, 12) if page_size <= 4096 else
                (list(dictionaries), 2, 4.3) if page_size <= 70000 else
                ([next(dictionary_names)], 1, 3.3 if page_size <= 262144 else 1.2))
            for dictionary_name in names * times:
                mode, parameter = next(modes)
                dictionary = dictionaries[dictionary_name]
                length = int(page_size * page_count * rng.uniform(0.7, 1)) + 1
                if kind == 'echo':
                    content = echo(rng, page_size, length)
                else:
                    start = rng.randrange(max(1, len(pools[kind]) - length))
                    content = pools[kind][start:start + length]
                if dictionary and rng.random() < 0.7:
                    # Otherwise the dictionary would rarely be used.
                    start = rng.randrange(len(dictionary))
                    content = (dictionary[start:start + page_size // 2 + 1] + content)[:len(content)]
                name = 'page size %d, width %d, %s pages, %s, dictionary %s, mode %s %d' % (
                    page_size, width, 'short' if short else 'full', kind, dictionary_name, mode, parameter)
                self.both_ways(rng, name, content, page_size, width, mode, parameter, dictionary, short)

    def in_parallel(self, rng, pools):
        """Streams of several threads: pages whose encoder knew only the plain page before them."""
        efforts = [{}, {'acceleration': 4}, {'compression_level': 3}, {'compression_level': 12}]
        dictionaries = [b'', pools['text'][1000:90000]]
        for page_size, effort, kind in itertools.product((1000, 4096, 65536, 300000), efforts, ('text', 'mixed', 'echo')):
            length = rng.randint(2_500_000, 3_500_000)
            content = echo(rng, page_size, length) if kind == 'echo' else pools[kind][:length]
            dictionary = rng.choice(dictionaries)
            stream = io.BytesIO()
            with lz4_stream.open(stream, 'wb', buffer_size=page_size, dictionary=dictionary, threads=3, **effort) as file:
                flush_at = rng.randrange(length)
                file.write(content[:flush_at])
                file.flush()
                file.write(content[flush_at:])
            name = 'in parallel to python, page size %d, %s, %s' % (page_size, effort, kind)
            self.check(name, lambda: self.python_decompress(stream.getvalue(), [], page_size, 4, dictionary), content)

    def two_pages_back(self, rng):
        """Full pages and then a short one: python-lz4's encoder refers two pages back, as its two buffers touch."""
        streams = [('golden', 1024, make_golden.two_pages_back())]
        for page_size, tail, at in [(1024, 173, 200), (1024, 173, 300), (1024, 500, 400), (4096, 1000, 2000),
                                    (20000, 5000, 12000)]:
            pages = [rng.randbytes(page_size), rng.randbytes(page_size)]
            pages.append(pages[0][at:at + tail])
            streams.append(('tail %d from %d' % (tail, at), page_size, pages))
        python_wrong = 0
        for (name, page_size, pages), (mode, parameter) in itertools.product(streams, MODES):
            content = b''.join(pages)
            name = 'two pages back, page size %d, %s, mode %s %d' % (page_size, name, mode, parameter)
            blocks = self.python_compress(pages, page_size, 4, mode, parameter, b'')
            if mode == 'high_compression':
                # The other modes skip positions in incompressible bytes, and may miss the match.
                self.check(name + ', refers back', lambda: len(blocks[2]) < 0.8 * len(pages[2]), True)
            for read in (self.rust_read, self.rust_decompress):
                self.check(name + ', ' + read.__name__, lambda: read(blocks, page_size, 4, b''), content)
            python_wrong += self.python_decompress(b''.join(blocks), [], page_size, 4, b'') != content
        print('python-lz4 itself incorrectly decodes %d of its %d streams that refer two pages back'
              % (python_wrong, len(streams) * len(MODES)), file=sys.stderr)


def main(*files):
    exchange = Exchange()
    rng = random.Random(SEED)
    exchange.two_pages_back(rng)
    pools = make_pools(rng, files)
    exchange.matrix(rng, pools)
    exchange.in_parallel(rng, pools)
    print('%d passed, %d failed' % (exchange.passed, exchange.failed))
    return exchange.failed > 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
