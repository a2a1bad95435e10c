"""Submit descriptions: HTCondor's own reading of them is the judge, by record and by property."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import submit_oracle as oracle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from submit_cases import ANSWERED, CASES, FILES, PROGRAMS, described

from grader import submit
from grader.problems import CAUTION, HELD, NO_EFFECT, UNKNOWN, Problem, SubmitError
from grader.rules import profile as profiles
from grader.rules.classads import check
from grader.submit import commands, values
from grader.submit.folder import DiskFolder, TreeFolder
from grader.tree import Directory, File, Link, Tree

FOLDER = TreeFolder(Tree.files(FILES))
WITH_PROGRAMS = TreeFolder(Tree.files(FILES | PROGRAMS))
RECORDED = json.loads(oracle.RECORDED.read_text())
ANSWERS = json.loads(oracle.ANSWERS.read_text())
QUEUED = json.loads(oracle.QUEUED.read_text())
EXPRESSIONS_READ = json.loads(Path(__file__).with_name("submit_expressions.json").read_text())
NAMES = json.loads(Path(__file__).with_name("submit_names.json").read_text())
V25 = profiles.PROFILES["v25"]
BINDINGS = replace(profiles.MODERN, quoted_lists=True, short_rows_keep_values=False)
"""The version 1 bindings, which are newer than 23.9.6: its condor_submit leaves double quotes around a list."""


def parse(text, folder=FOLDER, **options):
    return submit.parse(text, folder, name="job.sub", **options)


def one(body, folder=FOLDER):
    """The only job of a description that has an executable and queues once."""
    (job,) = parse(f"executable = prog.sh\n{body}\nqueue\n", folder).jobs
    return job


def refused(body, folder=FOLDER):
    """The error of a description that can't be used."""
    with pytest.raises(SubmitError) as error:
        parse(f"executable = prog.sh\n{body}\nqueue\n", folder)
    return error.value


def remarks(body, kind=None, folder=FOLDER):
    """What is said about a description that can be used."""
    found = parse(f"executable = prog.sh\n{body}\nqueue\n", folder).remarks
    return [str(remark) for remark in found if kind in (None, remark.kind)]


def fields(job):
    """A job as the oracle tells of one."""
    found = {name: getattr(job, name) for name in oracle.ORDINARY}
    found["environment"] = dict(sorted(job.environment))
    for name in ("arguments", "transfer_checkpoint_files", "transfer_output_files"):
        found[name] = found[name] if found[name] is None else list(found[name])
    return oracle.remarkable(found)


# -- HTCondor's answers on record --------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_a_description_means_what_htcondor_says(case):
    if RECORDED[case] is None:
        with pytest.raises(SubmitError):
            parse(described(case), cluster=oracle.CLUSTER, profile=BINDINGS)
    else:
        found = parse(described(case), cluster=oracle.CLUSTER, profile=BINDINGS)
        assert [fields(job) for job in found.jobs] == RECORDED[case]


def test_the_record_is_what_the_bindings_say(tmp_path, monkeypatch):
    pytest.importorskip("htcondor", reason="needs the version 1 bindings (htcondor < 25)")
    Tree.files(FILES).write(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert set(RECORDED) == set(CASES)
    for case in CASES:
        try:
            assert oracle.ads(described(case)) == RECORDED[case], case
        except oracle.Refused:
            assert RECORDED[case] is None, case


# -- what condor_submit takes and refuses ------------------------------------------


@pytest.mark.parametrize("version", ANSWERS)
@pytest.mark.parametrize("text", ANSWERED)
def test_a_description_is_taken_or_refused_as_by_condor_submit(text, version):
    try:
        parse(text, WITH_PROGRAMS, profile=profiles.of(version))
    except SubmitError as error:
        assert not ANSWERS[version][text], error
        assert error.remedy
    else:
        assert ANSWERS[version][text]


def test_the_answers_are_to_the_descriptions_that_are_asked_about():
    asked = list(dict.fromkeys(ANSWERED))
    assert {version: list(said) for version, said in ANSWERS.items()} == {"23.9.6": asked, "25.14.1": asked}


@pytest.mark.parametrize("text", EXPRESSIONS_READ)
def test_an_expression_is_read_where_condor_submit_reads_it(text):
    """Random expressions, which condor_submit 23.9.6 and 25.14.1 took or refused alike as `+A = expression`."""
    try:
        check(text)
    except Problem:
        assert not EXPRESSIONS_READ[text]
    else:
        assert EXPRESSIONS_READ[text]


@pytest.mark.parametrize("text", ["(" * 5000, "(" * 5000 + "1" + ")" * 5000, "-" * 100_000 + "1", "a." * 50_000 + "b"])
def test_a_hostile_expression_is_read_or_refused_at_once(text):
    with suppress(Problem):
        check(text)


@pytest.mark.parametrize("version", NAMES)
def test_every_name_that_condor_submit_uses_is_a_known_command(version):
    """The names, of all that stand in its library, for which it does not say that the line is unused."""
    known = commands.ALL
    assert [
        name
        for name in NAMES[version]
        if not (name in known or name.startswith(commands.PREFIXES) or any(part in name for part in commands.PARTS))
    ] == []


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("Cmd = prog.sh", "executable = prog.sh"),
        ("SuccessCheckpointExitCode = 85", "checkpoint_exit_code = 85"),
        ("+SuccessCheckpointExitCode = 85\n+WantFTOnCheckpoint = True", "checkpoint_exit_code = 85"),
        ("StreamOut = True\noutput = o", "stream_output = True\noutput = o"),
        ("args = a b", "arguments = a b"),
    ],
)
def test_an_attribute_means_what_its_command_means(line, same):
    assert one(line) == one(same)


@pytest.mark.parametrize(
    "line",
    [
        "JobBatchName = x",
        "RequestMemory = 1GB",
        "RequestCpus = 1",
        "JobPrio = 3",
        "NiceUser = false",
        "project_name = x",
        "want_ospool = True",
    ],
)
def test_an_attribute_of_a_command_without_a_remark_has_none_either(line):
    assert remarks(line) == []


def test_an_attribute_decides_how_a_job_ends_as_its_command_does():
    found = parse("executable = prog.sh\nPeriodicRemove = NumJobStarts > 2\nSkipIfDataflow = False\nqueue\n")
    assert [remark.decides for remark in found.remarks] == [True, False]


@pytest.mark.parametrize("version", ["23.9.6", "25.14.1"])
@pytest.mark.parametrize(
    "comparison", ["< 23.9.6", "<= 23.9", "== 23.9", "= 25.14.1", "!= 25.14", ">= 25.14.1", "> 24.5"]
)
def test_a_version_is_compared_with_that_of_the_profile(comparison, version):
    sign, wanted = comparison.split()
    numbers = [[int(part) for part in text.split(".")] for text in (version, wanted)]
    own, wanted = numbers[0][: len(numbers[1])], numbers[1]
    holds = {
        "<": own < wanted,
        "<=": own <= wanted,
        "==": own == wanted,
        "=": own == wanted,
        "!=": own != wanted,
        ">=": own >= wanted,
        ">": own > wanted,
    }[sign]
    text = f"executable = prog.sh\nif version {comparison}\narguments = yes\nelse\narguments = no\nendif\nqueue\n"
    (job,) = parse(text, profile=profiles.of(version)).jobs
    assert job.arguments == (("no", "yes")[holds],)


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("$CHOICE(Process,a,b)", ["a", "b"]),
        ("$CHOICE(Process,L)", ["x1", "x2"]),
        ("$CHOICE(1, a , b)", ["b", "b"]),
        ("$CHOICE(0,M)", ["m1 m2", "m1 m2"]),
        ("$SUBSTR(s,2)", ["llo world"] * 2),
        ("$SUBSTR(s,2,3)", ["llo"] * 2),
        ("$SUBSTR(s,-3)", ["rld"] * 2),
        ("$SUBSTR(s,-3,2)", ["rl"] * 2),
        ("$SUBSTR(s,0,-2)", ["hello wor"] * 2),
        ("$SUBSTR(s,-20)", ["hello world"] * 2),
        ("$SUBSTR(s,2,-1)", ["llo worl"] * 2),
        ("$SUBSTR(s,-4,-1)", ["orl"] * 2),
        ("$SUBSTR(s,Process)", ["hello world", "ello world"]),
        ("$SUBSTR(s,1+1)", ["llo world"] * 2),
        ("$SUBSTR(nope,1)", [""] * 2),
        ("$STRING(s)", ["hello world"] * 2),
        ("$STRING(s,%.2s)", ["he"] * 2),
        ("$STRING(q)", ["in quotes"] * 2),
        ("$STRING(other)", ["other"] * 2),
        ("$BASENAME(p)", ["f.tar.gz"] * 2),
        ("$DIRNAME(p)", ["/d/e/"] * 2),
        ("$RANDOM_INTEGER(5,5)", ["5", "5"]),
    ],
)
def test_a_function_gives_what_condor_submit_puts_there(given, means):
    macros = 'L = x1, x2,x3\nM = m1 m2\ns = hello world\nq = "in quotes"\np = /d/e/f.tar.gz'
    jobs = parse(f"executable = prog.sh\n{macros}\noutput = <{given}>\nqueue 2\n").jobs
    assert [job.output for job in jobs] == [f"<{value}>" for value in means]


@pytest.mark.parametrize("given", ["$RANDOM_INTEGER(1,9)", "$RANDOM_CHOICE(1,2,3)"])
def test_what_is_drawn_at_submission_is_told_and_always_the_same(given):
    assert one(f"arguments = {given}").arguments == ("1",)
    (remark,) = remarks(f"arguments = {given}", CAUTION)
    assert "is random at each submission" in remark


def test_shell_stands_for_an_executable_in_htcondor_25():
    (job,) = parse("shell = echo 'a  b' \"c\"\nqueue\n", profile=V25).jobs
    assert (job.executable, job.arguments, job.inputs) == ("/bin/sh", ("-c", "echo 'a  b' \"c\""), Tree())
    with pytest.raises(SubmitError, match="^job.sub:1: shell"):
        parse("shell = echo hi\nqueue\n")


def test_a_file_without_a_queue_statement_is_one_job_in_htcondor_25():
    assert len(parse("executable = prog.sh\n", profile=V25).jobs) == 1


def test_a_command_behind_the_last_queue_statement_is_told():
    found = parse("executable = prog.sh\nqueue\noutput = o\n").remarks
    assert [str(remark) for remark in found] == [
        "job.sub:3: output comes after the last queue statement, so no job sees it"
    ]


def test_a_file_beside_the_submit_file_stands_for_a_url():
    folder = TreeFolder(TREE.put("x.zip", File(b"zip")))
    job = one("transfer_input_files = osdf:///pool/x.zip, in.txt", folder)
    assert job.inputs["x.zip"] == File(b"zip") and "in.txt" in job.inputs
    (remark,) = remarks("transfer_input_files = osdf:///pool/x.zip", CAUTION, folder)
    assert "osdf:///pool/x.zip" in remark


def test_a_url_for_which_no_file_stands_leaves_the_end_undecided():
    found = parse("executable = prog.sh\ntransfer_input_files = http://a/b\nqueue\n")
    assert "http://a/b" in found.undecided and found.jobs[0].inputs.listing() == ["prog.sh"]


def test_a_file_that_is_sent_to_a_url_comes_home_under_its_last_name():
    body = 'transfer_output_files = a\ntransfer_output_remaps = "a = osdf:///pool/b"'
    assert one(body).transfer_output_remaps == (("a", "b"),)
    assert any("osdf:///pool/b" in remark for remark in remarks(body, CAUTION))


@pytest.mark.parametrize(
    "body",
    [
        "container_image = x.sif",
        "universe = docker\ndocker_image = x",
        "getenv = True",
        "getenv = PATH, H*",
    ],
)
def test_what_is_not_simulated_and_may_change_the_end_leaves_it_undecided(body):
    assert parse(f"executable = prog.sh\n{body}\nqueue\n").undecided


def test_a_dag_file_is_named_as_such():
    with pytest.raises(SubmitError, match="DAG") as error:
        parse('JOB A node.sub\nVARS A name="x"\n')
    assert "node's submit file" in error.value.remedy


def test_a_misspelt_request_that_is_refused_is_told_with_the_likely_one():
    assert refused("request_memroy = 1GB").remedy.endswith("Did you mean request_memory?")


def test_a_comment_at_the_end_of_a_line_is_explained():
    for line in ("checkpoint_exit_code = 85 # saved", "request_cpus = 1 # one", "+Resumable = true   # may be"):
        assert "A comment needs a line of its own" in refused(line).remedy


# -- random descriptions -----------------------------------------------------------

MACROS = ("one", "Two", "th_3", "fo.ur", "FIVE")
LOOSE = [
    "x",
    "10",
    "y-z",
    ",",
    "a/b.c",
    "=",
    "$$(one)",
    "$(nope)",
    "$(nope:q r)",
    "$ENV(NOT_SET:z)",
    "$(Process)",
    "$(row:7)",
    "$(STEP)",
    "$(x)",
    "$(Y:n o)",
    "$INT(Process,%03d)",
]


@st.composite
def value(draw, usable=MACROS):
    """A value that refers only to `usable` macros, so that no circle can arise."""
    pieces = st.sampled_from(LOOSE)
    if usable:
        forms = ["$({})", "$({}:d 1)", "$Fnx({})", "$Fpb({})", "$({})$({})"]
        pieces |= st.builds(
            lambda form, a, b: form.format(a, b.swapcase()),
            st.sampled_from(forms),
            st.sampled_from(usable),
            st.sampled_from(usable),
        )
    return draw(st.sampled_from(["", " ", " "])).join(draw(st.lists(pieces, min_size=1, max_size=4)))


@st.composite
def assignment(draw, name, text):
    """`name = text` as people write it: any case, any blanks, comments, continuation lines."""
    name = draw(st.sampled_from([name, name.upper(), name.title(), f"  {name}"]))
    if draw(st.booleans()):
        text = text.replace(" ", draw(st.sampled_from([" \\\n", " \\\n   ", " \\\n # no \\\n"])), 1)
    before = draw(st.sampled_from(["", "\n", "# comment \\\n"]))
    return before + name + draw(st.sampled_from([" = ", "=", "\t=  "])) + text


@st.composite
def queue_statement(draw, slices):
    """(statement, jobs for each item)"""
    count = draw(st.integers(1, 3))
    number = draw(st.sampled_from([str(count), f"{count}+0", ""]))
    count = count if number else 1
    items = draw(st.lists(st.sampled_from(["p", "q.r", "7", "$(Step)", "s-t"]), min_size=1, max_size=4))
    form = draw(st.sampled_from(["", "in", "in lines", "from"]))
    part = draw(st.sampled_from(slices))
    rows = [f"{item} {after}, k" for item, after in zip(items, [*items[1:], ""])]
    separator = draw(st.sampled_from([",", " "]))
    statement = {
        "": f"queue {number}",
        "in": f"Queue {number} x in {part}({separator.join(items)})",
        "in lines": f"queue {number} x In {part}(\n" + "\n".join(items) + "\n)",
        "from": f"queue {number} x,y from {part}(\n" + "\n".join(rows) + "\n)",
    }[form]
    return statement, count


@st.composite
def descriptions(draw, slices):
    """(commands, queue statement, jobs for each item)"""
    lines = []
    for index, name in enumerate(MACROS):
        for _ in range(draw(st.integers(0, 2))):
            text = draw(value(MACROS[index + 1 :]))
            text = draw(st.sampled_from([text, f"$({name}){text}", f"$({name}:0) {text}"]))
            lines.append(draw(assignment(name, text)))
    old = st.lists(value(), max_size=3).map(" ".join)
    lines.append(draw(assignment("arguments", draw(old | st.lists(value(), max_size=3).map(quoted)))))
    lines.append(draw(assignment("output", draw(value()))))
    lines.append(draw(assignment("environment", "A=" + draw(value()).replace(";", ""))))
    return "executable = prog.sh\n" + "\n".join(draw(st.permutations(lines))), *draw(queue_statement(slices))


def quoted(words):
    """Words in the new syntax of arguments."""
    return '"' + " ".join("'" + word.replace("'", "''") + "'" for word in words).replace('"', '""') + '"'


quickly = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@quickly
@given(descriptions(slices=[""]))  # the version 2 bindings ignore them
def test_macros_and_items_expand_as_in_htcondor(described):
    pytest.importorskip("htcondor2")
    commands, statement, count = described
    found = parse(f"{commands}\n{statement}\n").jobs
    expected = list(oracle.Expansion(commands, statement).procs(count))
    assert [job.output or "" for job in found] == expected


@quickly
@given(descriptions(slices=["", "[:2] ", "[::2] ", "[-1:] "]))
def test_a_random_description_means_what_htcondor_says(described):
    pytest.importorskip("htcondor", reason="needs the version 1 bindings (htcondor < 25)")
    commands, statement, _ = described
    text = f"{commands}\n{statement}\n"
    try:
        expected = oracle.ads(text)
    except oracle.Refused:
        with pytest.raises(SubmitError):
            parse(text, cluster=oracle.CLUSTER, profile=BINDINGS)
        return
    assert [fields(job) for job in parse(text, cluster=oracle.CLUSTER, profile=BINDINGS).jobs] == expected


breaks = "\n\r\v\f\0\x1c\x1d\x1e\x85\u2028\u2029"
words = st.text(st.characters(exclude_characters="$" + breaks, exclude_categories=("Cs",)), max_size=12)


@quickly
@given(st.lists(words, max_size=5))
def test_quoted_arguments_are_the_words_that_were_quoted(listed):
    pytest.importorskip("htcondor2")
    text = quoted(listed)
    assert one(f"arguments = {text}").arguments == tuple(listed)
    assert oracle.split(text[1:-1].replace('""', '"')) == listed


@quickly
@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), words, max_size=4))
def test_a_quoted_environment_is_the_variables_that_were_quoted(variables):
    text = quoted(f"{name}={content}" for name, content in variables.items())
    assert dict(one(f"environment = {text}").environment) == variables


@quickly
@given(
    st.lists(
        st.sampled_from(
            [
                "queue",
                "executable",
                "prog.sh",
                "=",
                "arguments",
                "\n",
                " ",
                "\\\n",
                "#",
                "(",
                ")",
                "$(",
                "$",
                "a",
                "$INT(",
                "'",
                '"',
                "in",
                "from",
                "matching",
                "[",
                "]",
                ":",
                "if",
                "else",
                "endif",
                "true",
                "defined",
                "include :",
                "more.sub",
                "+",
                "@=",
                "@",
                "transfer_input_files",
                "sub/",
                "..",
                "/",
                ",",
                ";",
                "1",
                "-",
                "%",
                "é",
                "\0",
                "initialdir",
                "\r",
            ]
        ),
        max_size=25,
    ).map("".join)
    | st.text(max_size=40)
)
def test_no_text_makes_anything_but_jobs_or_a_submit_error(text):
    for whole in (text, f"executable = prog.sh\n{text}\nqueue\n"):
        try:
            parse(whole)
        except SubmitError as error:
            assert str(error).startswith(("job.sub", "more.sub"))


# -- several queue statements, and lists -------------------------------------------


def test_jobs_of_several_queue_statements_are_numbered_on():
    first, second = "arguments = $(x)$(Process)\nqueue 2\n", "arguments = b$(Step)\nqueue 2\n"
    found = parse("executable = prog.sh\n" + first + second).jobs
    assert [(job.proc, job.arguments, job.batch_size) for job in found] == [
        (0, ("0",), 4),
        (1, ("1",), 4),
        (2, ("b0",), 4),
        (3, ("b1",), 4),
    ]


def test_the_variable_of_a_queue_statement_is_empty_afterwards():
    found = parse("executable = prog.sh\narguments = $(x:none)\nx = 9\nqueue\nqueue x in (a)\nqueue\n").jobs
    assert [job.arguments for job in found] == [("9",), ("a",), ("none",)]


def test_an_empty_line_of_a_list_is_a_job_with_empty_variables():
    found = parse("executable = prog.sh\narguments = <$(x)>\nqueue x from (\na\n\nb\n)\n")
    assert [job.arguments for job in found.jobs] == [("<a>",), ("<>",), ("<b>",)]
    assert any("empty line" in str(remark) for remark in found.remarks)


@pytest.mark.parametrize(
    ("profile", "rows"),
    [
        (profiles.MODERN, ["a.1.p", ".1.p", "b.1.p", "c.3.p"]),
        (V25, ["a.1.p", "a.1.p", "b..", "c.3."]),
    ],
)
def test_a_short_row_of_a_list_means_what_condor_submit_makes_of_it(profile, rows):
    text = "arguments = $(x).$(y).$(z)\nqueue x,y,z from (\na 1 p\n\nb\nc 3\n)\n"
    jobs = parse("executable = prog.sh\n" + text, profile=profile).jobs
    assert [job.arguments for job in jobs] == [(row,) for row in rows]


def test_queue_0_is_one_job_in_htcondor_25():
    assert len(parse("executable = prog.sh\nqueue 0\n", profile=V25).jobs) == 1


def test_an_if_ends_at_the_queue_statement_with_a_remark():
    assert one("if true\narguments = a").arguments == ("a",)
    assert any("no endif" in remark for remark in remarks("if true\narguments = a", CAUTION))


def test_a_macro_that_only_names_a_file_to_include_is_used():
    found = parse("executable = prog.sh\nwhich = more\ninclude : $(which).sub\nqueue\n")
    assert not any("which" in remark.text for remark in found.remarks)


def test_the_list_that_a_choice_names_is_used():
    assert not remarks("arguments = $CHOICE(index, list)\nindex = 1\nlist = a,b")


def test_an_if_of_another_file_has_no_else_in_an_included_one():
    folder = TreeFolder(Tree.files({"prog.sh": "#!/bin/sh\n", "else.sub": "else\nx = 1\n"}))
    assert "else without an if" in str(refused("if true\ninclude : else.sub\nendif", folder))


@pytest.mark.parametrize(
    ("include", "arguments"),
    [
        ("include ifexist : more.sub", ("included",)),
        ("include ifexists : nowhere.sub", ()),
        ("include command into more.sub : ./nowhere.sh", ("included",)),
        ("include : sub", ()),
    ],
)
def test_what_is_included_is_what_condor_submit_reads(include, arguments):
    assert one(include).arguments == arguments


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 * 21", "42"),
        ("1/3.0", "3.333333333333333E-01"),
        ('"a"', "a"),
        ('strcat("a", 1, true)', "a1true"),
        ("3 > 2", "true"),
        ("e + 1", "undefined"),
        ("error", "error"),
        ("floor(2.7)", "2"),
        ("round(2.5)", "2"),
        ("real(3)", "3.000000000000000E+00"),
        ('toUpper("ab")', "AB"),
        ("a b", ""),
    ],
)
def test_eval_is_the_value_of_a_classad_expression(text, value):
    assert one(f"e = {text}\noutput = <$EVAL(e)>").output == f"<{value}>"


def test_a_number_may_be_any_classad_expression():
    assert one("e = floor(3.7)\nm = 5 > 3\narguments = $INT(e) $INT(m)").arguments == ("3", "1")


def test_a_list_to_draw_from_is_split_at_blanks():
    assert one("l = p q\narguments = $RANDOM_CHOICE(l)").arguments == ("p",)


@pytest.mark.parametrize(
    "line",
    [
        '+TransferOutput = ""',
        "+PreserveRelativePaths = true",
        '+WhenToTransferOutput = "ON_EXIT_OR_EVICT"',
        '+Arguments = "b"',
        '+Out = "o"',
        "+JobMaxRetries = 4",
        "+PeriodicRemove = NumJobStarts > 2",
        '+TransferCheckpoint = "a"',
    ],
)
def test_an_attribute_in_place_of_a_command_leaves_the_end_undecided(line):
    assert "takes the place of" in parse(f"executable = prog.sh\n{line}\nqueue\n").undecided


@pytest.mark.parametrize(
    "line",
    [
        "common_input_files = data",
        '+CommonInputFiles = "data"',
        '+_x_common_input_catalogs = "data"',
        "transfer_input = False",
        "stream_input = True",
        '+SingularityImage = "image.sif"',
        '+PreCmd = "setup.sh"',
    ],
)
def test_what_else_fills_or_starts_a_sandbox_leaves_the_end_undecided(line):
    undecided = parse(f"executable = prog.sh\n{line}\nqueue\n").undecided
    assert undecided and "write" not in undecided


def test_an_attribute_that_changes_nothing_leaves_the_end_decided():
    text = '+ProjectName = "a"\n+PeriodicHold = false\n+OnExitRemove = true\n+RequestMemory = 5\n'
    assert not parse(f"executable = prog.sh\n{text}queue\n").undecided


def test_a_comment_in_a_file_of_items_is_an_item_and_told():
    found = parse("executable = prog.sh\narguments = $(x)\nqueue x from items.txt\n")
    assert ("#", "c") in [job.arguments for job in found.jobs]
    assert any(remark.file == "items.txt" for remark in found.remarks)


@pytest.mark.parametrize(
    "statement",
    [
        "queue 0",
        "queue x in ()",
        "queue x from (\n)",
        "queue x matching nope*",
    ],
)
def test_a_file_that_queues_no_job_is_refused(statement):
    with pytest.raises(SubmitError, match="^job.sub:2: no jobs are queued"):
        parse(f"executable = prog.sh\n{statement}\n")


# -- what the sandbox begins with (R2) ---------------------------------------------

TREE = Tree(
    {
        "prog.sh": File(b"#!/bin/sh\n"),
        "data/in.txt": File(b"1"),
        "data/deep/x": File(b"2"),
        "in.txt": File(b"3"),
        "empty": Directory(),
        "link": Link("in.txt"),
        "linked/in": Link("../in.txt"),
        "bad/dir": Link("../data"),
    }
)


@pytest.mark.parametrize(
    ("listed", "paths"),
    [
        ("", []),
        ("in.txt", ["in.txt"]),
        ("data", ["data/deep/x", "data/in.txt"]),
        ("data/", ["deep/x", "in.txt"]),
        ("data/in.txt", ["in.txt"]),
        ("data/deep", ["deep/x"]),
        ("./in.txt", ["in.txt"]),
        ("in.txt, data", ["data/deep/x", "data/in.txt", "in.txt"]),
        ("empty", ["empty/"]),
        ("empty/", []),
        ('""', []),
        ("data/../in.txt", ["in.txt"]),
    ],
)
def test_an_input_lands_where_htcondor_puts_it(listed, paths):
    found = one(f"transfer_input_files = {listed}", TreeFolder(TREE)).inputs
    assert found.without(["prog.sh"]).listing() == paths


@pytest.mark.parametrize(
    ("listed", "paths"),
    [
        ("data/in.txt", ["data/in.txt"]),
        ("data/deep", ["data/deep/x"]),
        ("data/deep/", ["data/deep/x"]),
        ("empty/", []),
    ],
)
def test_preserve_relative_paths_keeps_the_path_of_an_input(listed, paths):
    found = one(f"transfer_input_files = {listed}\npreserve_relative_paths = True", TreeFolder(TREE)).inputs
    assert found.without(["prog.sh"]).listing() == paths


def test_the_last_input_of_a_name_wins_and_the_executable_over_all():
    folder = TreeFolder(TREE.put("data/prog.sh", File(b"not me")))
    job = one("transfer_input_files = in.txt, data/in.txt, data/prog.sh", folder)
    assert job.inputs["in.txt"] == File(b"1")
    assert job.inputs["prog.sh"] == File(b"#!/bin/sh\n", executable=True)


def test_a_link_to_a_file_is_sent_as_the_file():
    assert one("transfer_input_files = link", TreeFolder(TREE)).inputs["link"] == File(b"3")
    assert one("transfer_input_files = linked", TreeFolder(TREE)).inputs["linked/in"] == File(b"3")


@pytest.mark.parametrize(
    "body, path, error",
    [
        ("transfer_input_files = nope, in.txt", "nope", errno.ENOENT),
        ("transfer_input_files = l", "l", errno.ENOENT),
        ("transfer_input_files = in.txt, ../x", "../x", errno.ENOENT),
        ("transfer_input_files = /etc/passwd", "/etc/passwd", errno.ENOENT),
        ("transfer_input_files = in.txt/", "in.txt/", errno.ENOTDIR),
        ("transfer_input_files = ld, nope", "ld", errno.EISDIR),
        ("transfer_input_files = ./ld", "./ld", errno.EISDIR),
        ("transfer_input_files = e", "e/ld", errno.EISDIR),
        ("transfer_input_files = e/", "e/ld", errno.EISDIR),
        ("input = nope", "nope", errno.ENOENT),
    ],
)
def test_the_job_is_held_for_an_input_that_cannot_be_sent(body, path, error):
    """R2: seen on 23.9.6."""
    folder = TreeFolder(TREE | Tree({"ld": Link("data"), "e/ld": Link("../data"), "l": Link("nowhere")}))
    found = parse(f"executable = prog.sh\n{body}\nqueue\n", folder)
    assert found.jobs[0].missing_input == (path, error, False)
    (remark,) = [remark for remark in found.remarks if f" {path} " in remark.text]
    assert (remark.file, remark.line) == ("job.sub", 2) and "held" in remark.text and remark.text.count(".") > 0
    assert found.missing_input.text.startswith(body.partition(" ")[0])


def test_the_job_is_held_for_an_unreadable_file_in_an_input_directory():
    """R4b, for inputs as for output."""
    folder = TreeFolder(TREE | Tree({"e/secret": File(b"1", readable=False)}))
    found = parse("executable = prog.sh\ntransfer_input_files = e\nqueue\n", folder)
    assert found.jobs[0].missing_input == ("e/secret", errno.EACCES, False)
    assert "e/secret can't be read" in found.missing_input.text


def test_linked_directories_are_sent_and_dangling_links_left_out():
    """R2: seen on 23.9.6."""
    folder = TreeFolder(TREE | Tree({"ld": Link("data"), "e/x": Link("nowhere"), "e/y": File(b"y")}))
    assert one("transfer_input_files = ld/", folder).inputs.listing() == ["deep/x", "in.txt", "prog.sh"]
    job = one("transfer_input_files = e", folder)
    assert job.inputs.listing() == ["e/y", "prog.sh"] and job.missing_input is None
    (remark,) = remarks("transfer_input_files = e", CAUTION, folder)
    assert "e/x is a broken symbolic link" in remark


def test_an_input_that_leads_out_of_the_sandbox_is_refused():
    assert refused("transfer_input_files = ..", TreeFolder(TREE)).line == 2


@pytest.mark.parametrize("text", ['"in.txt, link"', '"in.txt"'])
def test_quotes_around_a_list_are_part_of_the_names_before_htcondor_25(text):
    """R2, R6"""
    for command in ("transfer_input_files", "transfer_output_files"):
        body = f"executable = prog.sh\n{command} = {text}\nqueue\n"
        old, new = (parse(body, TreeFolder(TREE), profile=profiles.PROFILES[name]) for name in ("modern", "v25"))
        assert any("double quotes" in str(remark) for remark in old.remarks) and not new.remarks
        assert new.jobs[0].missing_input is None
        if command == "transfer_input_files":
            assert old.jobs[0].missing_input.path.startswith('"in.txt') and "in.txt" in new.jobs[0].inputs
        else:
            assert old.jobs[0].transfer_output_files[0].startswith('"in.txt')
            assert new.jobs[0].transfer_output_files[0] == "in.txt"


def test_initialdir_holds_inputs_and_streams_but_not_the_executable():
    body = "initialdir = data\ntransfer_input_files = deep\noutput = o\nerror = e\nlog = l"
    job = one(body, TreeFolder(TREE))
    assert job.inputs.listing() == ["deep/x", "prog.sh"]
    assert (job.output, job.error, job.log, job.initialdir) == ("data/o", "data/e", "data/l", "data")


OLD = "+SuccessCheckpointExitCode = 85\n"
SIGNAL = "+SuccessCheckpointExitBySignal = true\n+SuccessCheckpointExitSignal = 10\n"


@pytest.mark.parametrize(
    ("body", "code", "number"),
    [
        (OLD, None, None),
        (OLD + "+WantFTOnCheckpoint = true", 85, None),
        (OLD + "+WantFTOnCheckpoint = false", None, None),
        (SIGNAL, None, None),
        (SIGNAL + "+WantFTOnCheckpoint = true", None, 10),
        (OLD + SIGNAL + "+WantFTOnCheckpoint = true\ncheckpoint_exit_code = 86", None, 10),
        (OLD + "checkpoint_exit_code = 86", 85, None),
        (OLD + "checkpoint_exit_code = 86\n+WantFTOnCheckpoint = false", None, None),
    ],
)
def test_checkpoint_attributes_count_with_want_ft_on_checkpoint(body, code, number):
    job = one(body)
    assert (job.checkpoint_exit_code, job.checkpoint_signal) == (code, number)
    assert job.self_checkpointing == (code is not None or number is not None)


@pytest.mark.parametrize(("text", "number"), [("SIGUSR1", signal.SIGUSR1), ("SIGINT", signal.SIGINT), ("12", 12)])
def test_kill_sig_is_a_name_or_a_number(text, number):
    assert one(f"kill_sig = {text}").kill_sig == number
    assert one("").kill_sig == signal.SIGTERM
    assert "SIGNONE" in refused("kill_sig = SIGNONE").problem


def test_a_blank_in_a_name_of_a_comma_list_gets_a_remark():
    assert any("'out cp' is a single name" in remark for remark in remarks("transfer_output_files = out cp"))
    assert any("split only at commas" in remark for remark in remarks("transfer_input_files = in.txt data", HELD))


def test_a_transferred_executable_is_started_by_its_base_name():
    tree = Tree.files({"bin/run": "x"})
    (job,) = parse("executable = bin/run\nqueue", TreeFolder(tree)).jobs
    assert (job.executable, job.inputs) == ("run", Tree({"run": File(b"x", executable=True)}))


@pytest.mark.parametrize("path", ["bin", "bin/"])
def test_a_directory_is_no_executable_but_a_file_in_it_may_be(path):
    (remark,) = parse(f"executable = {path}\nqueue", TreeFolder(Tree({"bin/run": File(b"x")}))).remarks
    assert remark.line == 1 and remark.text.endswith("is held when it starts: name a file, as in bin/PROGRAM")


def test_an_executable_that_is_not_transferred_stays_as_written():
    (job,) = parse("executable = /bin/sh\ntransfer_executable = False\nqueue").jobs
    assert (job.executable, job.transfer_executable, job.inputs) == ("/bin/sh", False, Tree())


# -- lists -------------------------------------------------------------------------


def test_an_empty_checkpoint_list_counts_as_unset():
    assert one("checkpoint_exit_code = 85\ntransfer_checkpoint_files =").transfer_checkpoint_files is None


def test_quotes_in_a_checkpoint_list_are_part_of_the_names():
    body = 'checkpoint_exit_code = 85\ntransfer_checkpoint_files = ""'
    assert one(body).transfer_checkpoint_files == ('""',)
    assert any("double quotes" in remark for remark in remarks(body, CAUTION))


@pytest.mark.parametrize("command", ["transfer_checkpoint_files", "transfer_output_files"])
@pytest.mark.parametrize("name", ["*.txt", "state/*", "out?.txt"])
def test_a_wildcard_in_a_list_is_remarked_as_the_name_of_a_file(command, name):
    body = f"checkpoint_exit_code = 85\n{command} = a.txt, {name}"
    assert getattr(one(body), command) == ("a.txt", name)
    assert any(f"{name} is the name of a single file" in remark for remark in remarks(body, CAUTION))
    assert not any("wildcard" in remark for remark in remarks(body.replace(name, "b.txt"), CAUTION))


def test_a_quoted_empty_output_list_means_only_stdout_and_stderr():
    assert one('transfer_output_files = ""').transfer_output_files == ()
    assert one("transfer_output_files =").transfer_output_files is None


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ('"a = b"', (("a", "b"),)),
        ('"a=b;c = d/e;"', (("a", "b"), ("c", "d/e"))),
        (r'"a\=b = c\;d"', (("a=b", "c;d"),)),
        (r'"a\;b=c\=d"', ((r"a\;b", r"c\=d"),)),
        ('"a="', (("a", ""),)),
        ('"a=b;;c=d"', (("a", "b"), (";c", "d"))),
        ('"a=b;x;c=d"', (("a", "b"), ("x;c", "d"))),
        ("", ()),
        ('""', ()),
        ('"a=b=c"', (("a", "b=c"),)),
    ],
)
def test_remaps_are_pairs_of_names(text, pairs):
    assert one(f"transfer_output_remaps = {text}").transfer_output_remaps == pairs


@pytest.mark.parametrize("text", ["a=b;;c=d", "a=b;x;c=d", "a=b;c=d;", "a=b;c=d"])
def test_htcondor_25_skips_what_is_no_pair_of_names(text):
    job = parse(f"executable = prog.sh\ntransfer_output_remaps = {text}\nqueue\n", profile=V25).jobs[0]
    assert (job.transfer_output_remaps, job.remaps_unfinished) == ((("a", "b"), ("c", "d")), False)


@pytest.mark.parametrize("text", ["a=b;", "a=b;;", "a=b;c", "a"])
def test_half_a_pair_hides_the_name_of_stdout_with_a_remark(text):
    assert one(f'transfer_output_remaps = "{text}"').remaps_unfinished
    assert any("overlooks the name" in remark for remark in remarks(f'transfer_output_remaps = "{text}"', CAUTION))


@pytest.mark.parametrize("text", ['"a"', '"=b"', '"a=b;c"'])
def test_remaps_that_are_no_pairs_are_passed_over(text):
    found = parse(f"executable = prog.sh\ntransfer_output_remaps = {text}\nqueue\n", TreeFolder(TREE))
    assert found.jobs[0].transfer_output_remaps == (("a", "b"),) * text.startswith('"a=b')
    assert [remark.line for remark in found.remarks if "no pair" in remark.text] == [2]


@pytest.mark.parametrize("text", ["a=b", "a=b;c=d", '"a=b', 'a=b"', '"a=b" x', "'a=b'", '"'])
def test_remaps_without_quotes_are_refused_as_by_condor_submit(text):
    error = refused(f"transfer_output_remaps = {text}")
    assert error.line == 2 and "double quotes" in error.problem


# -- requests ----------------------------------------------------------------------

# Each of these was given to condor_submit 23.9.6, with -dry-run; which job never started was seen in its pool.
EXPRESSIONS = (
    "512",
    "0.5",
    "1024*2",
    "1e3",
    "-1",
    "MY.ImageSize",
    "TARGET.Memory",
    "ImageSize",
    "Memory",
    "$(mem)",
    "true",
    "ifThenElse(MemoryUsage =!= undefined, MemoryUsage*2, 512)",
    "max({1,2})",
    "undefined",
)
AMOUNTS = ("2GB", "2 GB", "2 Gb", "1.5G", "2K", "2T", "+1GB", ".5G")


@pytest.mark.parametrize(
    ("command", "value"),
    [
        *((command, value) for command in ("request_cpus", "request_memory", "request_disk") for value in EXPRESSIONS),
        *((command, value) for command in ("request_memory", "request_disk") for value in AMOUNTS),
    ],
)
def test_an_amount_or_an_expression_can_be_requested(command, value):
    assert remarks(f"mem = 512\n{command} = {value}", CAUTION) == []


@pytest.mark.parametrize(
    ("command", "value"),
    [
        *(
            (command, value)
            for command in ("request_cpus", "request_memory", "request_disk")
            for value in (
                "2 gigabytes",
                "5X",
                "2GiB",
                "2B",
                "2PB",
                "abc def",
                "512 MBytes",
                "1,000",
                "2,5GB",
                "2GB*2",
                "2GB # x",
            )
        ),
        ("request_cpus", "2GB"),
        ("request_cpus", "2 G"),
    ],
)
def test_a_request_that_condor_submit_cannot_read_is_refused(command, value):
    error = refused(f"{command} = {value}")
    assert error.line == 2 and value in error.problem


@pytest.mark.parametrize("command", ["request_cpus", "request_memory", "request_disk"])
@pytest.mark.parametrize("value", ["lots", "MemoryUsage", '"2GB"'])
def test_a_request_that_no_slot_can_meet_is_told_with_its_line(command, value):
    (remark,) = remarks(f"{command} = {value}", CAUTION)
    assert remark.startswith(f"job.sub:2: {command}: ") and value in remark and "never start" in remark


def test_an_attribute_that_the_submit_file_itself_gives_can_be_requested():
    assert remarks("+Lots = 512\nrequest_memory = lots", CAUTION) == []


# -- errors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "empty"),
        ("\n# only this\n", None, "queued"),
        ("executable = prog.sh\n", None, "nothing is queued"),
        ("queue\n", 1, "no executable"),
        ("executable = nope.sh\n\nqueue\n", 1, "nope.sh does not exist"),
        ("executable = prog.sh\narguments = a \\\n b\ncheckpoint_exit_code = x\nqueue\n", 4, "not a number"),
        ("executable = prog.sh\na = $(b)\nb = $(A)\narguments = $(a)\nqueue\n", 4, "circle"),
        ("executable = prog.sh\na = $INT(b)\nb = $Fn(a)\narguments = $(a)\nqueue\n", 4, "circle"),
        ("executable = prog.sh\ne = size(x)\narguments = $EVAL(e)\nqueue\n", 3, "not simulated"),
        ("executable = prog.sh\narguments = $RANDOM_INTEGER(9,1)\nqueue\n", 2, "greater"),
        ("executable = prog.sh\narguments = $(SUBMIT_TIME)\nqueue\n", 2, "differs at every submission"),
        ("executable = prog.sh\nif false\nqueue\n", 2, "endif"),
        ("executable = prog.sh\ninclude command : ls\nqueue\n", 2, "condor_submit runs `ls` here"),
        ("executable = prog.sh\ninclude : ls |\nqueue\n", 2, "condor_submit runs `ls` here"),
        ("executable = prog.sh\nuse x : y\nqueue\n", 2, "simulated"),
        ("executable = prog.sh\nqueue 1000000\n", 2, "more than"),
        ("executable = prog.sh\nqueue x from ls |\n", 2, "ls"),
    ],
)
def test_an_error_names_the_line_and_a_remedy(text, line, said):
    with pytest.raises(SubmitError) as error:
        parse(text)
    assert (error.value.file, error.value.line) == ("job.sub", line)
    assert said in error.value.problem and error.value.remedy.endswith((".", ")"))
    assert str(error.value).startswith("job.sub:")


def test_an_error_in_an_included_file_is_told_there():
    folder = TreeFolder(Tree.files({"prog.sh": "#!/bin/sh\n", "more.sub": "\nwhat is this\n"}))
    error = refused("include : more.sub", folder)
    assert (error.file, error.line) == ("more.sub", 2)


def test_a_file_that_includes_itself_is_refused():
    folder = TreeFolder(Tree.files({"prog.sh": "#!/bin/sh\n", "job.sub": "include : job.sub"}))
    error = refused("include : job.sub", folder)
    assert "too deep" in error.problem


# -- remarks -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("transfer_checkpont_files = a", "transfer_checkpoint_files"),
        ("Checkpoint_Exitcode = 85", "checkpoint_exit_code"),
        ("TransferOutputFile = a", "transfer_output_files"),
        ("argument = 1", "arguments"),
    ],
)
def test_an_unknown_command_is_told_with_the_likely_one(line, meant):
    (remark,) = remarks(line, UNKNOWN)
    assert remark.startswith("job.sub:2: ") and remark.endswith(f"did you mean {meant}?")


def test_a_macro_that_is_used_is_not_an_unknown_command():
    assert remarks("stride = 5\narguments = $(Stride)", UNKNOWN) == []
    assert remarks("stride = 5\nif defined stride\nendif", UNKNOWN) == []
    assert remarks("start = 5\narguments = $INT(start,%d)", UNKNOWN) == []
    assert len(remarks("stride = 5", UNKNOWN)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "request_memory = 1GB",
        "request_foo = 1",
        "universe = vanilla",
        "should_transfer_files = YES",
        "log = a.log",
        "batch_name = x",
        '+Project = "x"',
        'My.Project = "x"',
        "when_to_transfer_output = ON_EXIT",
        "input = /dev/null",
    ],
)
def test_an_ordinary_command_is_not_remarked_on(line):
    assert remarks(line) == []


@pytest.mark.parametrize(
    "line",
    [
        'requirements = (OpSys == "LINUX")',
        "rank = Memory",
        "notification = Always",
        "should_transfer_files = NO",
        "universe = local",
        "on_exit_hold = JobStatus > 3",
        "periodic_vacate = Memory > 3",
        "+WantFTOnCheckpoint = True",
        "when_to_transfer_output = ON_SUCCESS",
        "getenv = True",
    ],
)
def test_a_command_without_effect_here_is_told(line):
    (remark,) = remarks(line, NO_EFFECT)
    assert remark.startswith("job.sub:2: ")


@pytest.mark.parametrize(
    ("line", "decides"),
    [
        ("on_exit_hold = JobStatus > 3", True),
        ("on_exit_hold_reason = Owner", False),
        ("on_exit_remove = (CurrentTime > 0)", True),
        ("allowed_job_duration = Memory", True),
        ("max_transfer_input_mb = RequestDisk", True),
        ("periodic_vacate = Memory > 3", True),
        ("skip_if_dataflow = $(never:False)", False),
        ("periodic_hold = Memory > 3", True),
        ("periodic_hold_reason = Owner", False),
        ("hold = True", True),
        ("retry_until = Memory > 3", True),
        ("when_to_transfer_output = ON_SUCCESS", True),
        ("rank = Memory", False),
    ],
)
def test_only_commands_that_may_change_the_end_leave_it_undecided(line, decides):
    found = parse(f"executable = prog.sh\n{line}\nqueue\n")
    (remark,) = [remark for remark in found.remarks if remark.kind == NO_EFFECT]
    assert remark.decides == decides
    assert found.undecided == (str(remark) if decides else "")


@pytest.mark.parametrize(
    ("line", "decides"),
    [
        ("periodic_remove = False", False),
        ("periodic_hold = ExitCode == 3", False),
        ("periodic_hold = ExitBySignal && ExitSignal == 9", False),
        ("periodic_release = False", False),
        ("periodic_vacate = False", False),
        ("periodic_vacate = ExitCode == 3", False),
        ("periodic_vacate = JobStatus == 2", True),
        ("periodic_hold = ExitCode =!= 0", True),  # it has no exit code at first
        ("periodic_hold = ExitCode > 3", True),  # a checkpoint's is there as well
        ("periodic_hold = ExitBySignal == False", True),
        ("periodic_release = True", False),
        ("periodic_release = NumHolds < 3", False),
        ("periodic_remove = JobStatus == 5 && time() - EnteredCurrentStatus > 3600", False),
        ("periodic_remove = NumHolds > 3 && JobStatus == 5", False),
        ("periodic_remove = JobStatus == 5 || NumHolds > 3", True),
        ("periodic_remove = JobStatus =?= 5 && NumHolds > 3", True),
        ("periodic_remove = HoldReasonCode == 12", True),
        ("periodic_remove = isUndefined(NumHolds) == False", True),
        ("PeriodicRemove = JobStatus == 2 && time() - EnteredCurrentStatus > 3600", True),
        ("periodic_hold = NumJobStarts > 10", True),
    ],
)
def test_of_a_periodic_policy_one_schedule_is_known_or_all(line, decides):
    found = parse(f"executable = prog.sh\ncheckpoint_exit_code = 85\n{line}\nqueue\n")
    remarks = [remark for remark in found.remarks if remark.kind in (NO_EFFECT, CAUTION)]
    assert [remark.decides for remark in remarks] == [True] * decides
    assert bool(found.undecided) == decides and "one schedule can be simulated" * decides in found.undecided
    job = found.jobs[0]
    policies = job.periodic_hold, job.periodic_release, job.periodic_remove, job.periodic_vacate
    assert [text for text in policies if text] == [line.split(" = ", 1)[1]]


def test_an_old_htcondor_has_no_periodic_vacate():
    text = "executable = prog.sh\nperiodic_vacate = NumJobStarts < 2\nqueue\n"
    found = parse(text, profile=profiles.PROFILES["slides2021"])
    assert found.jobs[0].periodic_vacate == "" and not found.undecided
    assert [remark.text for remark in found.remarks if remark.kind == NO_EFFECT] == [
        "HTCondor 9.0.4 has no periodic_vacate"
    ]


def test_a_hold_that_depends_on_the_exit_alone_is_simulated():
    lines = (
        "on_exit_hold = ExitBySignal || ExitCode > 3",
        'on_exit_hold_reason = "why"',
        "on_exit_hold_subcode = ExitCode",
    )
    assert remarks("\n".join(lines), NO_EFFECT) == []
    job = one("\n".join(lines))
    assert (job.on_exit_hold, job.on_exit_hold_reason, job.on_exit_hold_subcode) == tuple(
        line.partition(" = ")[2] for line in lines
    )
    assert one("on_exit_hold = JobStatus > 3").on_exit_hold == ""


def test_every_command_has_one_meaning():
    named = [name for names in commands.MEANINGS.values() for name in names]
    assert sorted(named) == sorted(commands.NAMES)


@pytest.mark.parametrize(
    ("meaning", "name"),
    [
        (meaning, name)
        for meaning, names in commands.MEANINGS.items()
        for name in sorted(names)
        if not meaning.startswith("simulated")
    ],
)
def test_a_command_that_is_not_simulated_is_told_of_as_its_meaning_says(meaning, name):
    """The meanings are those that docs/conformance.md counts."""
    told = None
    for value in ("x", "Memory > 1", "1", "Always"):
        with suppress(SubmitError):
            told = told or parse(f"executable = prog.sh\n{name} = {value}\nqueue\n").remarks
    of_it = [(remark.kind, remark.decides) for remark in told if f"{name} has no effect" in remark.text]
    assert of_it == ([] if meaning.startswith("ignored: ") else [(NO_EFFECT, meaning.startswith("not simulated"))])


def test_a_policy_by_the_number_of_starts_is_simulated_on_one_schedule():
    body = "on_exit_hold = NumJobStarts > 3"
    found = parse(f"executable = prog.sh\n{body}\nqueue\n")
    assert found.jobs[0].on_exit_hold == "NumJobStarts > 3"
    assert "NumJobStarts" in found.undecided and "one schedule" in found.undecided


@pytest.mark.parametrize(
    ("body", "retries", "policy"),
    [
        ("on_exit_remove = ExitCode == 0", math.inf, "ExitCode == 0"),
        ("max_retries = 4", 4, ""),
        ("success_exit_code = 3", 2, ""),
        ("retry_until = 7", 2, "ExitCode =?= 0 || (ExitCode =?= 7)"),
        ("retry_until = -7.5", 2, "ExitCode =?= 0 || (ExitCode =?= -7)"),
        ("retry_until = true", 2, "ExitCode =?= 0 || (ExitCode =?= 1)"),
        ('retry_until = "a"', 2, 'ExitCode =?= 0 || ("a")'),
        ("max_retries = 5\nretry_until = ExitCode > 5", 5, "ExitCode =?= 0 || (ExitCode > 5)"),
        ("success_exit_code = 3\non_exit_remove = ExitCode == 7", 2, "ExitCode =?= 3 || (ExitCode == 7)"),
        (
            "max_retries = 1\nretry_until = 2\non_exit_remove = ExitCode > 7",
            1,
            "ExitCode =?= 0 || (ExitCode =?= 2) || (ExitCode > 7)",
        ),
    ],
)
def test_retries_and_the_policy_of_leaving_are_what_condor_submit_makes(body, retries, policy):
    """R6: seen on 23.9.6."""
    job = one(body)
    assert (job.max_retries, job.on_exit_remove) == (retries, policy)
    assert remarks(body) == []


def test_an_unreadable_retry_until_is_refused():
    assert "exit code" in refused("retry_until = a b").remedy


@pytest.mark.parametrize(
    ("body", "field", "bound"),
    [
        ("max_transfer_input_mb = 3", "max_transfer_input_mb", 3),
        ("max_transfer_output_mb = 1.5", "max_transfer_output_mb", 1),
        ("max_transfer_input_mb = -1", "max_transfer_input_mb", None),
        ("MaxTransferOutputMB = 0", "max_transfer_output_mb", 0),
        ("allowed_job_duration = 60 * 60", "allowed_job_duration", 3600),
        ("allowed_execute_duration = 7", "allowed_execute_duration", 7),
        ("allowed_job_duration = -1", "allowed_job_duration", -1),
    ],
)
def test_a_bound_is_a_number(body, field, bound):
    assert getattr(one(body), field) == bound and remarks(body) == []


def test_input_is_sent_along_as_what_the_program_reads(tmp_path):
    folder = TreeFolder(Tree.files({"prog.sh": "#!/bin/sh\n", "data/numbers": "1 2"}))
    named = one("input = data/numbers", folder)
    assert named.stdin == "numbers" and named.inputs["numbers"] == File(b"1 2")
    assert one("initialdir = data\ninput = numbers", folder).stdin == "numbers"
    assert one("input = /dev/null", folder).stdin is None
    assert one("input = data", folder).stdin == "data"
    assert one("input = data/", folder).stdin == "." and one("input = data/", folder).inputs["numbers"]


def test_a_directory_is_accepted_as_executable_with_a_remark():
    found = parse("executable = sub\nqueue\n")
    assert found.jobs[0].inputs["sub"] == Directory()
    assert any("held when it starts" in str(remark) for remark in found.remarks)


def test_a_value_that_is_empty_for_a_later_job_is_that_of_the_first():
    rows = "queue x,y from (\na,1\n,2\nb,3\n)\n"
    found = parse(f"executable = prog.sh\narguments = $(x)\ntransfer_output_files = $(x)\n{rows}")
    assert [job.arguments for job in found.jobs] == [("a",), ("a",), ("b",)]
    assert [job.transfer_output_files for job in found.jobs] == [("a",), ("a",), ("b",)]
    assert any("that of the first job" in str(remark) for remark in found.remarks)


def test_a_later_job_has_the_variables_of_the_first_too():
    found = parse("executable = prog.sh\nenvironment = $(x)=$(y)\nqueue x,y from (\nA,1\nB,2\nA,3\n)\n")
    assert [dict(job.environment) for job in found.jobs] == [{"A": "1"}, {"A": "1", "B": "2"}, {"A": "3"}]


@pytest.mark.parametrize(
    ("text", "files"), [("a = b", ("b",)), ("a,b = c; d = e/f;", ("c", "e/f")), ("a", ()), ("a =; b = c", ("c",))]
)
def test_plugins_are_files_that_are_sent(text, files):
    assert values.plugins(text) == files


def test_what_is_queued_is_what_condor_submit_queues():
    files, *_ = QUEUED.values()
    folder, apart = TreeFolder(Tree.files(files)), []
    for version, profile in (("23.9.6", profiles.MODERN), ("25.14.1", V25)):
        for text, expected in QUEUED[version].items():
            try:
                queued = [list(job.arguments) for job in parse(text, folder, profile=profile).jobs]
            except SubmitError:
                queued = None
            if queued != (expected or None):
                apart.append((version, text, queued, expected))
    assert not apart


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("checkpoint_exit_code = 0", "never finishes"),
        ("checkpoint_exit_code = 256", "exit codes go from 0 to 255"),
        ("checkpoint_exit_code = -1", "exit codes go from 0 to 255"),
        ("transfer_checkpoint_files = a", "without checkpoint_exit_code"),
        ("arguments = $(nope)", "nothing defines $(nope), so it counts as empty"),
        ("arguments = $(nope:a-b)", "leaves $(nope:a-b) as it is"),
        ("transfer_executable = no", "reads 'no' as True"),
        ("arguments = a \\\n# comment", "last character"),
        ("max_retries = -1", "means no retries"),
        ("when_to_transfer_output = yes", "treats yes as ON_EXIT_OR_EVICT"),
        ("output = a\nstdout = b", "stdout is not used, as output is given"),
        ("request_memory = lots", "takes lots for an attribute"),
        ("warning : look here", "look here"),
    ],
)
def test_a_setting_that_matters_is_told(body, said):
    (remark,) = remarks(body, CAUTION)
    assert said in remark


def test_a_remark_is_made_once_however_many_jobs_there_are():
    found = parse("executable = prog.sh\narguments = $(nope)\nqueue 5\n").remarks
    assert len(found) == 1 and (found[0].file, found[0].line) == ("job.sub", 2)


# -- where files are looked up -----------------------------------------------------


def test_a_submit_file_on_disk_is_read_with_its_directory(tmp_path):
    TREE.write(tmp_path)
    (tmp_path / "sweep.sub").write_text("executable = prog.sh\ntransfer_input_files = data\nqueue 2\n")
    found = submit.read(tmp_path / "sweep.sub")
    assert (found.file, len(found.jobs)) == ("sweep.sub", 2)
    assert found.jobs[0].inputs.listing() == ["data/deep/x", "data/in.txt", "prog.sh"]


@pytest.mark.parametrize("begin", ["", "# comment", "\n"])
def test_a_byte_order_mark_is_refused_as_by_condor_submit(tmp_path, begin):
    (tmp_path / "prog.sh").write_text("#!/bin/sh\n")
    (tmp_path / "job.sub").write_bytes(f"\ufeff{begin}executable = prog.sh\nqueue\n".encode())
    with pytest.raises(SubmitError, match="^job.sub:1: .*byte order mark"):
        submit.read(tmp_path / "job.sub")


def test_a_file_in_latin_1_is_read_with_a_remark(tmp_path):
    (tmp_path / "prog.sh").write_text("#!/bin/sh\n")
    (tmp_path / "job.sub").write_bytes(b"executable = prog.sh\narguments = caf\xe9\nqueue\n")
    found = submit.read(tmp_path / "job.sub")
    assert found.jobs[0].arguments == ("café",)
    assert [str(remark) for remark in found.remarks] == [
        "job.sub:2: this line is not UTF-8 text, and is read as Latin-1"
    ]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (None, None, "can't be read"),
        (b"", None, "empty"),
        (b"executable = a\n\xff\n", 2, "neither"),
        (b"queue", 1, "executable"),
    ],
)
def test_a_submit_file_that_cannot_be_used_is_an_error(tmp_path, content, line, said):
    path = tmp_path / "job.sub"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SubmitError, match=said) as error:
        submit.read(path)
    assert (error.value.file, error.value.line) == (str(path) if content is None else "job.sub", line)


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("checkpoint exit code = 85", "Write checkpoint_exit_code, with underscores"),
        ("checkpoint_exit_code: 85", "Write = in place of the colon"),
        ("checkpoint_exit_code 85", "missing = sign"),
        ("my_input.txt, other = 1", "missing \\\\ above"),
    ],
)
def test_a_line_that_is_no_statement_is_told_with_what_to_write(tmp_path, line, advice):
    (tmp_path / "job.sub").write_text(f"executable = prog.sh\n{line}\nqueue\n")
    with pytest.raises(SubmitError, match=advice):
        submit.read(tmp_path / "job.sub")


def test_a_directory_is_no_submit_file(tmp_path):
    with pytest.raises(SubmitError, match="can't be read"):
        submit.read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_no_submit_file_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "job.sub")
    with pytest.raises(SubmitError, match="a pipe that nobody writes to; name a file"):
        submit.read(tmp_path / "job.sub")


def test_a_folder_on_disk_and_a_tree_answer_alike(tmp_path):
    TREE.write(tmp_path)
    disk, tree = DiskFolder(tmp_path), TreeFolder(TREE)
    for path in (
        "prog.sh",
        "data",
        "data/",
        "./data/in.txt",
        "link",
        "bad/dir",
        "nope",
        "empty",
        ".",
        "data/../in.txt",
    ):
        assert disk.get(path) == tree.get(path), path


def test_a_folder_gives_an_empty_file_for_a_device_and_for_a_link_to_one(tmp_path):
    """R2: seen on 23.9.6 and 25.14.1."""
    tree = TREE | Tree({"link": Link("/dev/null"), "other": Link("/dev/nothing")})
    tree.write(tmp_path)
    for folder in (DiskFolder(tmp_path), TreeFolder(tree)):
        assert folder.get("link") == folder.get("/dev/zero") == File(b"")
        assert folder.get("other") is folder.get("/dev/nothing") is None
        assert one("transfer_input_files = /dev/null, link", folder).inputs.listing() == ["link", "null", "prog.sh"]


def test_public_input_files_are_inputs_and_win():
    """R2: seen on 23.9.6 and 25.14.1."""
    job = one("transfer_input_files = data/in.txt\npublic_input_files = in.txt, empty", TreeFolder(TREE))
    assert job.inputs["in.txt"] == File(b"3") and "empty" in job.inputs
    found = parse("executable = prog.sh\npublic_input_files = nope\nqueue\n", TreeFolder(TREE))
    assert found.jobs[0].missing_input.path == "nope" and "public_input_files: nope" in found.missing_input.text


@pytest.mark.parametrize(
    ("body", "number", "seconds"),
    [
        ("", signal.SIGTERM, math.inf),
        ("kill_sig = 2", 2, math.inf),
        ("kill_sig = 2\nremove_kill_sig = 3", 3, math.inf),
        ("kill_sig_timeout = 5", signal.SIGTERM, 5.0),
        ("kill_sig_timeout = 5\njob_max_vacate_time = 30", signal.SIGTERM, 30.0),
    ],
)
def test_the_signal_of_an_eviction_and_the_time_until_the_next(body, number, seconds):
    """R5: seen on 23.9.6 and 25.14.1."""
    job = one(body)
    assert (job.kill_sig, job.max_vacate_time) == (number, seconds)


@pytest.mark.parametrize(("body", "keeps"), [("", False), ("erase_output_and_error_on_restart = False", True)])
def test_a_job_without_checkpoints_may_keep_its_streams(body, keeps):
    """R0: seen on 23.9.6 and 25.14.1."""
    assert one(body).keeps_streams == keeps and one(f"{body}\ncheckpoint_exit_code = 85").keeps_streams


def test_an_input_outside_the_submit_directory_is_said_to_be_missing_here():
    (remark,) = remarks("transfer_input_files = /etc/hostname", HELD, TreeFolder(TREE))
    assert "there is no /etc/hostname here" in remark and "submit directory" in remark


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
def test_an_input_that_is_neither_file_nor_directory_is_not_simulated(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "prog.sh").write_text("#!/bin/sh\n")
    error = refused("transfer_input_files = fifo", DiskFolder(tmp_path))
    assert error.line == 2 and "fifo is neither a file nor a directory" in str(error)


def test_only_a_folder_on_disk_leads_out_of_it(tmp_path):
    Tree.files({"out.txt": "x", "in/in.txt": "y"}).write(tmp_path)
    disk = DiskFolder(tmp_path / "in")
    assert disk.get("../out.txt") == disk.get(str(tmp_path / "out.txt")) == File(b"x")
    tree = TreeFolder(Tree.read(tmp_path / "in"))
    assert tree.get("../out.txt") is None and tree.get(str(tmp_path / "out.txt")) is None


PASSED = {"DATA_ROOT": "/data", "Seed": "7", "LIST": "a;b", "TEXT": "two\nlines"}
"""What is known of the submitter's environment."""


@pytest.mark.parametrize(
    ("body", "environment"),
    [
        ("getenv = DATA_ROOT", {"DATA_ROOT": "/data"}),
        ("getenv = data_root, SEED", {"DATA_ROOT": "/data", "Seed": "7"}),
        ("getenv = DATA_ROOT; seed\nenvironment = \"Seed='8' A=1\"", {"DATA_ROOT": "/data", "Seed": "8", "A": "1"}),
    ],
)
def test_getenv_passes_on_variables_that_are_set_here(body, environment):
    found = parse(f"executable = prog.sh\n{body}\nqueue\n", variables=PASSED)
    assert dict(found.jobs[0].environment) == environment and not found.undecided
    (remark,) = found.remarks
    assert remark.kind == CAUTION and "DATA_ROOT" in remark.text and "set here" in remark.text


@pytest.mark.parametrize("names", ["True", "DATA_*", "!Seed", "DATA_ROOT, OTHER", "LIST", "TEXT"])
def test_what_getenv_passes_on_is_undecided_where_it_is_not_known(names):
    found = parse(f"executable = prog.sh\ngetenv = {names}\nqueue\n", variables=PASSED)
    assert found.undecided and not found.jobs[0].environment
