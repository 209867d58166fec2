"""The Rust codecs, driven from Python through a `codec_server` process (protocol: `codec_server/src/main.rs`)."""

import os
import re
import struct
import subprocess

OK, ERROR, INCOMPLETE, END_MARK = range(4)

MODES = {'default': 0, 'fast': 1, 'high_compression': 2}


class CodecError(Exception):
    """An `Error` of the crate: the name of its variant, its numbers, its message."""

    def __init__(self, reply):
        debug, text = reply.decode().split('\n', 1)
        super().__init__(text)
        self.kind = debug.split(' ', 1)[0]
        self.numbers = {name: int(n) for name, n in re.findall(r'(\w+): (\d+)', debug)}


class Incomplete(Exception):
    """`BlockSplit::Incomplete`: the stream ends before its first block does."""

    def __init__(self, missing):
        super().__init__('%d more bytes are needed' % missing)
        self.missing = missing


class EndMark(Exception):
    """`BlockSplit::EndMark`."""


def settings(page_size, width=4, mode='default', parameter=0, dictionary=b'', end_mark=False, big_endian=False,
             ring_buffer=False):
    flags = (width, big_endian, end_mark, ring_buffer, MODES[mode])
    return struct.pack('<5BiQ', *flags, parameter, page_size) + entry(dictionary)


def entry(data):
    return len(data).to_bytes(4, 'little') + data


class Server:
    def __init__(self, path):
        self._process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._to = self._process.stdin.fileno()
        self._from = self._process.stdout.fileno()

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        return self._process.wait()

    def request(self, op, codec, payload):
        """Returns the status, which is not ERROR, and the payload of the reply."""
        rest = struct.pack('<cII', op, codec, len(payload)) + payload
        while rest:
            rest = rest[os.write(self._to, rest):]
        reply = self._read()
        while len(reply) < 5:
            reply += self._read()
        status, length = struct.unpack_from('<BI', reply)
        pieces = [reply[5:]]
        missing = length - len(pieces[0])
        while missing:
            pieces.append(self._read())
            missing -= len(pieces[-1])
        reply = b''.join(pieces)
        if status == ERROR:
            raise CodecError(reply)
        return status, reply

    def _read(self):
        piece = os.read(self._from, 1 << 18)
        if not piece:
            raise EOFError('codec_server died')
        return piece

    def write_stream(self, settings, pieces):
        """`Lz4StreamWriter` with a flush after each piece. Returns the stream and its block sizes."""
        payload = settings + b''.join(map(entry, pieces))
        return list(entries(self.request(b'W', 0, payload)[1]))

    def read_stream(self, settings, stream, sizes=b''):
        """`Lz4StreamReader`. Returns the content."""
        return self.request(b'R', 0, settings + entry(stream) + entry(sizes))[1]


def entries(data):
    while data:
        end = 4 + int.from_bytes(data[:4], 'little')
        yield data[4:end]
        data = data[end:]


class _Codec:
    def __init__(self, server, op, settings):
        self._request = server.request
        # For __del__, which also runs when the server rejects the settings.
        self._codec = None
        self._codec = int.from_bytes(server.request(op, 0, settings)[1], 'little')

    def __del__(self):
        try:
            if self._codec is not None:
                self._request(b'x', self._codec, b'')
        except OSError:
            pass  # the server has already ended

    def reset(self):
        self._request(b'r', self._codec, b'')


class Compressor(_Codec):
    """`Lz4StreamCompressor`."""

    def __init__(self, server, settings):
        super().__init__(server, b'c', settings)

    def compress(self, page):
        return self._request(b'C', self._codec, page)[1]

    def finish(self):
        return self._request(b'F', self._codec, b'')[1]


class Decompressor(_Codec):
    """`Lz4StreamDecompressor`."""

    def __init__(self, server, settings):
        super().__init__(server, b'd', settings)

    def get_block(self, stream):
        status, reply = self._request(b'G', self._codec, stream)
        if status == INCOMPLETE:
            raise Incomplete(int.from_bytes(reply, 'little'))
        if status == END_MARK:
            raise EndMark
        return reply

    def decompress(self, block):
        return self._request(b'D', self._codec, block)[1]
