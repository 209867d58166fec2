"""The examples in the documentation."""

import doctest
import importlib.metadata
import pathlib
import re

import lz4_stream
import pytest

README = pathlib.Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_the_readme(example):
    exec(compile(example, str(README), "exec"), {})


def test_examples_of_the_docstrings():
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner()
    count = 0
    for name in lz4_stream.__all__:
        item = getattr(lz4_stream, name)
        for test in finder.find(item, name, module=False):
            count += len(test.examples)
            runner.run(test)
    assert runner.failures == 0
    assert count > 15


def test_the_wheel_has_this_readme_and_the_licenses():
    wheel = importlib.metadata.distribution("lz4-stream")
    assert wheel.metadata.get_payload().strip() == README.read_text("utf-8").strip()
    licenses = sorted(path.name for path in wheel.files if "licenses" in path.parts)
    assert licenses == ["LICENSE-APACHE", "LICENSE-MIT"]
    for name in licenses:
        root = README.parent.parent
        assert (README.parent / name).read_bytes() == (root / name).read_bytes()


def test_every_public_item_is_documented():
    for name in lz4_stream.__all__:
        item = getattr(lz4_stream, name)
        if isinstance(item, int):
            continue
        assert item.__doc__, name
        if isinstance(item, type):
            for method, value in vars(item).items():
                if not method.startswith("_") and callable(value):
                    documented = getattr(item, method).__doc__
                    assert documented, f"{name}.{method}"
