"""Makes the golden streams of `tests/data` with python-lz4. The output is always the same.

    python make_golden.py DIRECTORY

`tests/golden.rs` generates the same content, and compares the decoded streams with it.
"""

import os
import sys

import lz4.stream


def noise(seed, n):
    """Bytes that do not compress."""
    out = bytearray()
    while len(out) < n:
        seed = (seed * 1103515245 + 12345) % (1 << 31)
        out.append(seed >> 16 & 0xFF)
    return bytes(out)


def text(seed, n):
    """Words that recur often."""
    out = bytearray()
    for byte in noise(seed, n):
        out += b'the page before it may hold any word that comes again '.split()[byte % 11] + b' '
    return bytes(out[:n])


def pages(content, *lengths):
    """The content in pages of these lengths. The last length repeats."""
    at = 0
    for length in lengths[:-1]:
        yield content[at:at + length]
        at += length
    while at < len(content):
        yield content[at:at + lengths[-1]]
        at += lengths[-1]


def two_pages_back():
    """Two full pages that do not compress, and a short one that repeats bytes of the first.

    The repeated bytes lie after the end of the short page, where the encoder's buffer still has the first page. The
    decoder's buffer does not quite: the decoder copies the match before them in steps of 32 bytes, and writes beyond
    its end. So python-lz4 decodes its own stream incorrectly without an error.
    """
    content = noise(11, 3000)
    first, second, new = content[:1024], content[1024:2048], content[2048:]
    short = new[:60] + first[600:610] + new[100:110] + first[700:710] + new[200:208] + new[:34]
    short += first[len(short) + 23:len(short) + 34] + new[300:311]
    return [first, second, short]


def blocks(pages, page_size, dictionary=b'', width=4, **mode):
    # As a parameter, the dictionary outlives the compressor, which keeps only a pointer.
    compressor = lz4.stream.LZ4StreamCompressor('double_buffer', page_size, store_comp_size=width,
                                                dictionary=dictionary, **mode)
    return [compressor.compress(page) for page in pages]


def golden():
    yield 'width1-page239', blocks(pages(text(1, 2500), 239), 239, width=1)
    yield 'width2-page1000', blocks(pages(text(2, 7500), 1000), 1000, width=2)
    yield 'width4-page4096', blocks(pages(text(3, 10000), 4096), 4096)
    out_of_band = blocks(pages(text(4, 5000), 512), 512, width=0)
    yield 'out-of-band-page512', out_of_band
    yield 'out-of-band-page512-sizes', [len(block).to_bytes(4, 'little') for block in out_of_band]
    dictionary = noise(5, 70000)
    yield 'dictionary-page1024', blocks(pages(dictionary[-2500:] + text(5, 1000), 1024), 1024, dictionary)
    yield 'high-compression12-page4096', blocks(pages(text(6, 10000), 4096), 4096, mode='high_compression',
                                                compression_level=12)
    yield 'fast8-page4096', blocks(pages(text(7, 10000), 4096), 4096, mode='fast', acceleration=8)
    yield 'page70000', blocks(pages(noise(8, 5000) * 40, 70000), 70000)
    yield 'page1', blocks(pages(text(9, 40), 1), 1)
    yield 'short-pages-page1024', blocks(pages(text(10, 8000), 1024, 1, 1024, 1024, 300, 7, 1024, 1000, 500, 1024), 1024)
    yield 'two-pages-back-page1024', blocks(two_pages_back(), 1024)
    yield 'empty-pages-page256', blocks(pages(text(12, 1000), 0, 256, 256, 0, 100, 0, 256), 256)


def main(directory):
    for name, stream in golden():
        with open(os.path.join(directory, name + '.lz4s'), 'wb') as file:
            file.write(b''.join(stream))


if __name__ == '__main__':
    main(*sys.argv[1:])
