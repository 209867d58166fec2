"""Runs python-lz4's own stream tests, unmodified, against the Rust codecs.

    python suite.py CODEC_SERVER PYTHON_LZ4_SOURCE [PYTEST_OPTION...]

PYTHON_LZ4_SOURCE is python-lz4's unpacked source distribution. Needs pytest and psutil. Exits non-zero on a failure.
"""

import os
import re
import sys

import pytest

# The tests to leave out, as regular expressions over their names, each with the reason.
LEFT_OUT = [
    (r'test_invalid_config_[cd]_1$',
     'expects NotImplementedError for the ring_buffer strategy, which python-lz4 lacks and the crate has'),
    (r'test_block_decompress_mem_usage\[data0-buffer_size[01]\]',
     'millions of requests to the server, and measures only the memory of Python; runs with larger pages'),
    (r'test_1\[data[124]-.*-buffer_size0-(store_comp_size1|.*-return_bytearray0)',
     'three requests per byte, up to 24 576 per case: runs with one width and one return type'),
    (r'test_1\[data[124]-.*-mode(?!(0|6|16)-)\d+-buffer_size0-store_comp_size0-return_bytearray1',
     'the same: runs in the modes default, fast at 8 and high_compression at 16'),
]


class LeaveOut:
    def pytest_collection_modifyitems(self, config, items):
        kept, left_out, used = [], [], set()
        for item in items:
            reasons = [name for name, _ in LEFT_OUT if re.search(name, item.name)]
            used.update(reasons)
            (left_out if reasons else kept).append(item)
        for name, _ in LEFT_OUT:
            if name not in used:
                raise pytest.UsageError('no test is called %s: out of date?' % name)
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def main(server, source, *options):
    here = os.path.dirname(os.path.abspath(__file__))
    os.environ['CODEC_SERVER'] = os.path.abspath(server)
    sys.path.insert(0, os.path.join(here, 'shim'))
    tests = os.path.join(os.path.abspath(source), 'tests', 'stream')
    return pytest.main(['-q', '-p', 'no:cacheprovider', '-W', 'ignore::pytest.PytestUnknownMarkWarning',
                        '--rootdir', tests, tests, *options], plugins=[LeaveOut()])


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
