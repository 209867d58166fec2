"""python-lz4's `lz4.stream` over the Rust codecs, for python-lz4's own tests to run against them.

Every result and every error comes from the Rust codecs; this module only translates the messages to python-lz4's. It
checks only arguments whose types the codecs do not have, and lengths whose check would otherwise send gigabytes
through the pipe.
"""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), '..', '..', '..'))

import codec_client  # noqa: E402

LZ4_MAX_INPUT_SIZE = 0x7E000000

_INT_MAX = 0x7FFFFFFF
_server = codec_client.Server(os.environ['CODEC_SERVER'])


class LZ4StreamError(Exception):
    pass


def _settings(strategy, page_size, store_comp_size, dictionary, mode='default', parameter=0):
    if strategy not in ('double_buffer', 'ring_buffer'):
        raise ValueError('Invalid strategy argument: %s. Must be one of: double_buffer, ring_buffer' % strategy)
    if mode not in codec_client.MODES:
        raise ValueError('Invalid mode argument: %s. Must be one of: default, fast, high_compression' % mode)
    if isinstance(dictionary, str):
        dictionary = dictionary.encode()
    dictionary = memoryview(dictionary or b'')
    if len(dictionary) > _INT_MAX:
        raise OverflowError('Dictionary too large for LZ4 API')
    return codec_client.settings(page_size, store_comp_size, mode, parameter, bytes(dictionary),
                                 ring_buffer=strategy == 'ring_buffer')


class _Stream:
    def __init__(self, codec, settings, return_bytearray):
        self._type = bytearray if return_bytearray else bytes
        try:
            self._codec = codec(_server, settings)
        except codec_client.CodecError as error:
            raise self._translated(error) from error

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, exc_tb):
        pass

    def _translated(self, error):
        numbers = error.numbers
        if error.kind == 'PrefixWidth':
            return ValueError('Invalid store_comp_size, valid values: 0, 1, 2 or 4')
        if error.kind == 'PageSize' and numbers['allowed'] == LZ4_MAX_INPUT_SIZE:
            return ValueError('Invalid buffer_size argument: %d. Cannot define output buffer size. '
                              'Must be lesser or equal to %d' % (numbers['found'], numbers['allowed']))
        if error.kind == 'PageSize':
            return LZ4StreamError('Inconsistent buffer_size/store_comp_size values. '
                                  'Maximal compressed length (%d) cannot fit in a %d byte-long integer'
                                  % (numbers['found'], self._width))
        if error.kind == 'PageTooLarge':
            return OverflowError('Input too large for LZ4 API')
        if error.kind == 'OutOfBandSizes':
            return LZ4StreamError('LZ4 context is configured for storing block size out-of-band')
        if error.kind == 'BlockTooLarge':
            return self._block_too_large(numbers['found'])
        # python-lz4's number is where in the block the C library stopped; here it is the kind of the error.
        number = ['EmptyBlock', 'TruncatedBlock', 'MatchOffset', 'PageOverLimit'].index(error.kind) + 1
        return LZ4StreamError('Decompression failed. error: %d' % number)

    def _block_too_large(self, found):
        return LZ4StreamError('Maximal decompressed data (%d) cannot fit in LZ4 internal buffer (%d)'
                              % (found, self._page_size))


class LZ4StreamCompressor(_Stream):
    def __init__(self, strategy, buffer_size, mode='default', acceleration=True, compression_level=9,
                 return_bytearray=False, store_comp_size=4, dictionary=''):
        parameter = int(compression_level if mode == 'high_compression' else acceleration)
        self._width = store_comp_size
        self._page_size = buffer_size
        super().__init__(codec_client.Compressor,
                         _settings(strategy, buffer_size, store_comp_size, dictionary, mode, parameter),
                         return_bytearray)

    def compress(self, chunk):
        chunk = memoryview(chunk)
        if len(chunk) > max(self._page_size, _INT_MAX):
            raise OverflowError('Input too large for LZ4 API')
        try:
            return self._type(self._codec.compress(bytes(chunk)))
        except codec_client.CodecError as error:
            raise self._translated(error) from error


class LZ4StreamDecompressor(_Stream):
    # The codec gets this many bytes from the beginning of a stream, and all of it if that is not enough.
    _FIRST_LOOK = 512

    def __init__(self, strategy, buffer_size, return_bytearray=False, store_comp_size=4, dictionary=''):
        self._width = store_comp_size
        self._page_size = buffer_size
        # python-lz4 accepts any size, the codec none above the largest possible page: the effective limit is the same.
        super().__init__(codec_client.Decompressor,
                         _settings(strategy, min(buffer_size, LZ4_MAX_INPUT_SIZE), store_comp_size, dictionary),
                         return_bytearray)

    def get_block(self, stream):
        stream = memoryview(stream)
        if len(stream) > _INT_MAX:
            raise OverflowError('Input too large for LZ4 API')
        try:
            for shown in (self._FIRST_LOOK, len(stream)):
                try:
                    return self._type(self._codec.get_block(bytes(stream[:shown])))
                except codec_client.Incomplete as error:
                    missing = error.missing
        except codec_client.CodecError as error:
            after_prefix = len(stream) - self._width
            if error.kind == 'BlockTooLarge' and error.numbers['found'] > after_prefix:
                raise self._larger_than_source(error.numbers['found'], after_prefix) from error
            raise self._translated(error) from error
        if len(stream) < self._width:
            raise LZ4StreamError('Invalid source, too small for holding any block')
        after_prefix = len(stream) - self._width
        raise self._larger_than_source(after_prefix + missing, after_prefix)

    def decompress(self, chunk):
        chunk = memoryview(chunk)
        if len(chunk) > _INT_MAX:
            raise self._block_too_large(len(chunk))
        try:
            return self._type(self._codec.decompress(bytes(chunk)))
        except codec_client.CodecError as error:
            raise self._translated(error) from error

    @staticmethod
    def _larger_than_source(found, there):
        return LZ4StreamError('Requested input size (%d) larger than source size (%d)' % (found, there))
