"""What several cases do: the command-line tool, called as a function."""

import contextlib
import importlib
import io
import sys


def cli(folder, expressions, tag="serve", signature="serving_default"):
    """``saved_model_cli run`` on expressions; what it prints. Results are in the folder ``cli``."""
    tool = importlib.import_module("tensorflow.python.tools.saved_model_cli")
    arguments = ["run", "--dir", folder, "--tag_set", tag, "--signature_def", signature]
    arguments += ["--input_exprs", expressions, "--outdir", "cli", "--overwrite"]
    printed = io.StringIO()
    kept = sys.argv
    sys.argv = ["saved_model_cli"] + arguments
    try:
        with contextlib.redirect_stdout(printed):
            _main(tool)
    finally:
        sys.argv = kept
    return printed.getvalue()


def _main(tool):
    try:
        tool.main()
    except SystemExit as end:  # absl's app.run always ends so
        assert not end.code, "saved_model_cli ended with status %s" % end.code


def cli_error(folder, expressions):
    """What the tool fails with; AssertionError where it does not."""
    try:
        cli(folder, expressions)
    except Exception as error:
        return str(error)
    raise AssertionError("saved_model_cli did not fail on %s" % folder)
