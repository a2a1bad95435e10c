"""Submit descriptions for which HTCondor's own answer is on record (submit_ads.json). Plain data."""

from __future__ import annotations

FILES = {
    "prog.sh": "#!/bin/sh\n",
    "a.dat": "",
    "b.dat": "",
    ".hidden.dat": "",
    "sub/c.dat": "",
    "sub/d/x": "",
    "dir.dat/y": "",
    "items.txt": "r1 1\n  r2, 2  \nr3\\\n r4\n# c\nr5",
    "more.sub": "q = $(z)\narguments = included\n",
}
"""What is in the submit directory."""

PROGRAMS = {
    "empty.sh": "",
    "crlf.sh": "#!/bin/sh\r\necho\r\n",
    "late.sh": "#!/bin/sh\necho\r\n",
    "text.sh": "echo\r\n",
    "half.sh": "#!/bin/sh\r",
    "blank.sh": "\n",
}
"""Executables, some of which condor_submit refuses."""


def described(case: str) -> str:
    """The whole description: a case that queues nothing is put before a plain `queue`."""
    queues = any(line.lower().split()[:1] == ["queue"] for line in case.split("\n"))
    return f"executable = prog.sh\n{case}\n" + ("" if queues else "queue\n")


_WITH_X = "arguments = $(x)|$(y)|$(Item)|$(Row)|$(Step)|$(Process)\n"

_ARGUMENTS = [
    f"arguments = {value}"
    for value in (
        "a b  c",
        "a\tb",
        "'a b'",
        "it's",
        'a \\"b',
        "a\\ b",
        'a "b"',
        '"a b"',
        "\"a 'b c' d\"",
        "\"a 'b''c' '' d\"",
        '"a ""q"" b"',
        "\"a'b c'd\"",
        '"a\tb"',
        '"x" ',
        '"3 simple "',
        '"a\\b"',
        '""',
        '" "',
        '"',
        '"a "b',
        '"a" b',
        '"unclosed \'x"',
        "",
        "a # no comment",
        "a=b:c",
        "= a",
    )
]
_ENVIRONMENT = [
    f"environment = {value}"
    for value in (
        "a=1;b=2",
        "a=1; b=2",
        "a=1 ; b=x y",
        "a=1;;b=2;",
        "a=",
        "a=b=c",
        "a='x y'",
        'a="1"',
        "a=1;a=2",
        "a = 1",
        "a",
        "=x",
        '"a=1 b=2"',
        "\"a=1 b='x y'\"",
        "\"a=1 b='x ''y'\"",
        '"a=""q"" b=2"',
        '"a=1;b=2"',
        "\"'a b=1'\"",
        '"a=1 a=2"',
        '"a="',
        '"a"',
        '"a = 1"',
        '"a=1" b',
        "|a=1|b=x;y |",
        ",a=x y,,b=2",
        "#",
        "[a=1;b=2",
        "",
    )
]
_LISTS = ("transfer_output_files", "transfer_checkpoint_files")
_FILES = [
    f"{command} = {value}"
    for command in _LISTS
    for value in (
        "",
        '""',
        "a b,c , d;e",
        '"a b"',
        '"a b", c',
        '" "',
        "'a'",
        "a/ ./b",
        "$(nope)",
    )
]
_NUMBERS = [
    f"{command} = {value}"
    for command in ("checkpoint_exit_code", "max_retries")
    for value in (
        "85",
        "",
        "abc",
        "80+5",
        "85.7",
        "0x55",
        "-1",
        '"85"',
        "010",
        "7/2",
        "-7/2",
        "-7%3",
        "(1+2)*3 - -4",
        "2.5*2",
        "true",
        "$(Process)",
    )
]
_SWITCHES = ("stream_output", "preserve_relative_paths", "transfer_executable")
_BOOLEANS = [
    f"output = o\n{command} = {value}"
    for command in _SWITCHES
    for value in (
        "True",
        "FALSE",
        "1",
        "2",
        "0.0",
        "$(Process)",
    )
]
_BOOLEANS += [f"output = o\nstream_output = {value}" for value in ("yes", "no", "t", "maybe")]
_BOOLEANS += [f"transfer_executable = {value}" for value in ("f", "no", "0")]
_STREAMS = [
    "output = /dev/null\nerror =",
    'output = ""\nerror = e.txt',
    'output = a b\nerror = "e"',
    "output = a/b\nlog = x.log",
    "log = /dev/null",
    "log =",
    "stdout = so\nstderr = se",
    "output = $(nope)",
    "output = o.$(Cluster).$(Process)",
    "OUTPUT=x",
    "  output    =    x   ",
    "output = a\nOutput = b",
    "output = $(nope) a $(nope)",
    "arguments = $(nope) \"a 'b c'\" $(nope)",
    'environment = $(nope) "a=1" $(nope)',
    "environment = $(nope) a=1 $(nope)",
    "checkpoint_exit_code = $(nope) 85 $(nope)",
    "checkpoint_exit_code = $(nope) $(nope)",
    "universe = $(nope) vanilla",
    'transfer_output_files = $(nope) "a" $(nope)',
]
_STREAMS += [f"submit_event_notes = {value}" for value in ("sweep $(arguments), ada", '"quoted"', "")]
_STREAMS += ["LogNotes = the other name", "submit_event_notes = $(nope) a  b $(nope)"]
_POLICY = [
    "when_to_transfer_output = ON_EXIT_OR_EVICT",
    "when_to_transfer_output = on_success",
    "when_to_transfer_output = sometimes",
    *(f"when_to_transfer_output = {when}" for when in ("always", "YES", "TRUE", "NO", "FALSE", "never", "ONEXIT")),
    *(f"when_to_transfer_output = {when}" for when in ("AUTO", "IF_NEEDED", "ONSUCCESS")),
    "should_transfer_files = NO",
    "should_transfer_files = maybe",
    "should_transfer_files = NO\ntransfer_output_files = a",
    "should_transfer_files = IF_NEEDED\nwhen_to_transfer_output = ON_EXIT_OR_EVICT",
    "success_exit_code = 2",
    "max_retries = 3\nsuccess_exit_code = 3-1",
    "universe = Vanilla",
    "universe = 5",
    "universe = foo",
    "SuccessCheckpointExitCode = 85\nTransferCheckpoint = a",
    "initialdir = sub\ntransfer_output_files = a",
    "initialdir = nowhere",
    "+Foo = 1\nMy.Bar = 2",
]
_MACROS = [
    "arguments = " + value
    for value in (
        "$(A) $(a:x) $(nope) $(nope:d e) $(nope:) $(nope:$(A)) $(nope:$(nope:z))\nA = 1",
        "$$(keep) $$([x+1]) $$(a)$(b) $$$(b) $$$$(b) $(DOLLAR)x $(DOLLAR)(b)\nb = c",
        "$(a) $(A)\na = x$(b)\nb = $(c)y\nc = 1\nc = 2",
        "$(a)\na = 1\na = $(a)$(z) y\nz = 9",
        "$(arguments) x",
        "$(a:5)\na =",
        "$(a$(b))\nb = c\nac = 7",
        "$(a.b/c)$(a-b) $(a b) $( a )\na.b/c = 1",
        "$(x) $(My.Foo)\n+Foo = 3",
        "$ENV(NOPE_X) $ENV(NOPE_X:def) $ENV($(b))\nb = NOPE_Y",
        "$foo(b) $f(b) $Fz(b) $ (b) $( $(b)\nb = c",
        "$(Cluster) $(ClusterId) $(Process) $(ProcId) $(Step) $(Row) $(ItemIndex) $(Item) $(Node)",
        "$(IsLinux) $(OPSYS)",
        "$INT(Process) $INT(Process,%03d) $INT(y)\ny = $(Process)*10+1\nqueue 2",
        "$INT(3*4) $INT(7/2) $INT(z)\nz = 7.9",
        "$REAL(x) $REAL(x,%.2f) $REAL(x,%g) $REAL(y) $REAL(y,%.1f) $REAL(z)\nx = 31\ny = 7/2\nz = 1e10",
        "$INT(b,%5d)|$INT(b,%x)|$INT(b,%d%%)\nb = 31",
    )
]
_MACROS += [
    f"arguments = $(nope:{default})\nl = L"
    for default in (
        "a-b",
        "a=b",
        "x+y",
        "a[1]",
        "a;b",
        "(x)",
        "(x",
        "a(b)c",
        "'q'",
        "a@b",
        "$(l)",
        "$(l",
        "~/x",
        "a|b",
        "*",
        "a/b:c",
    )
]
_PARTS = (
    "$F(f)|$Fn(f)|$Fx(f)|$Fnx(f)|$Fp(f)|$Fd(f)|$Fdb(f)|$Fb(f)|$Fqa(f)|$Fpn(f)|$Fbx(f)|$Fpb(f)|"
    "$Fdn(f)|$Fdnx(f)|$Fdx(f)|$Fpx(f)|$FN(f)"
)
_MACROS += [
    f"arguments = {_PARTS}\nf = {path}"
    for path in (
        "/a/b/c.tar.gz",
        "a/b/c.x",
        "c.tar.gz",
        "c",
        "a/b/",
        ".h",
        "a.b/c",
        "./x.y",
        "'a b/c d.x'",
        "/c",
    )
]
_MACROS += ["arguments = $Fdd(f) $Fddnx(f)\nf = /a/b/c.x", "arguments = $F(nope) $Fn(a/b.c) $Fu(x) $Fw(f)\nf = a/b"]
_LINES = [
    "arguments = a \\\n b \\\n# comment \\\n  c",
    "arguments = a \\\n# xyz\n",
    "arguments = a \\\n b \\\n# comment\n  c",
    "arguments = a \\\n\n",
    "arguments = a\\\nb",
    "# comment \\\narguments = x",
    "arguments a",
    "arguments: a",
    "foo bar = a",
    "my-attr = a",
    "$(x) = a\nx = arguments",
    "n = arguments\n$(n) = a",
    "x @=end\na\nb\n@end\narguments = $(x)",
    "arguments = a\r\nqueue\r\n",
    "+ Foo = 1",
    "= a",
    "warning : hm",
    "error : no",
    "arguments = b\ninclude : more.sub",
    "include : nowhere.sub",
    "if true\narguments = 1\nelse\narguments = 2\nendif",
    "if $(x)\narguments = 1\nelse\narguments = 2\nendif",
    "x=1\nif defined x\narguments = 1\nelif true\narguments = 2\nendif",
    "if false\nif true\narguments = 1\nelse\narguments = 2\nendif\nelse\narguments = 3\nendif",
    "If 0\narguments = 1\nELIF yes\narguments = 2\nelse\narguments = 3\nEndIf",
    "if ! defined x\narguments = 1\nendif",
    "if defined Process\narguments = 1\nendif",
    "if\narguments = 1\nendif",
    "if foo\narguments = 1\nendif",
    "if $(x) == 1\narguments = 1\nendif",
    "else",
    "endif",
]
_QUEUES = [
    _WITH_X + queue
    for queue in (
        "Queue",
        "queue 2+1",
        "queue (2)",
        "queue $(n)\nn = 2",
        "queue  5 ",
        "queue 1.5",
        "queue -1",
        "queue foo",
        "queue(2)",
        "queue x",
        "queue=3",
        "queue = 3",
        "queue 1 # one",
        "queue 1,000",
        "queue x in (a, b c)",
        "queue x in a, b c",
        "queue x IN(a b)",
        "queue\tx\tin\t(a)",
        "queue 2 x in (a b)",
        "queue 2x in (a b)",
        "queue 2,x in (a)",
        "queue x in (\na, b\n c\n)",
        "queue x in (a b\n#no\n c\n)",
        "queue x in (\na\n ) trailing",
        "queue in (a b)",
        "queue 3 in (a)",
        "queue x, in (a)",
        "queue x;y in (a)",
        "queue x-y in a",
        "queue x in (a",
        "queue x in (a\nb",
        "queue x in",
        "queue x in (a $(nope) $(Process))",
        "queue x,y in (1 2, 3)",
        "queue x in files a",
        "queue x from (\n a 1\n b, 2\n c\n)",
        "queue x,y from (\n a 1\n b, 2\n c,3 4\n d\n e\tf\n g , h\n , i\n)",
        "queue x y, Item from (\n a 1 2\n b,,3\n c 4 5 6\n)",
        "queue x from (a b)",
        "queue x from ( a\nb\n)",
        "queue x from (\n a b \\\n c\n)",
        "queue from items.txt",
        "queue 2 x,y from items.txt",
        "queue x from nowhere.txt",
        "queue x from [1:2] items.txt",
        "queue x in [1:3] a b c d",
        "queue 2 x in [::2] (a b c d)",
        "queue x in [-2:] a b c",
        "queue x in [:-1] a b c",
        "queue x in [1] a b c",
        "queue x in [a] b",
        "queue x in [1:2:3:4] a b",
        "queue x matching *.dat",
        "queue x matching files *",
        "queue x matching dirs *",
        "queue x matching any *.dat a*",
        "queue x matching (sub/* *.dat)",
        "queue x matching (\nsub/*.dat\n[ab].dat\n)",
        "queue x matching a?dat",
        "queue x matching files [0:1] *.dat",
        "queue x matching .*.dat",
        "queue x matching */*.dat",
    )
]
_QUEUES += [
    "l = a,b c\n" + _WITH_X + queue
    for queue in ("queue x in ($(l))", "queue x in (\n$(l)\nd\n)", "queue x,y from (\n$(l) 1\n)")
]
_QUEUES += ["x = $(x)c\n" + _WITH_X + "queue x in (a, b)"]

CASES = _ARGUMENTS + _ENVIRONMENT + _FILES + _NUMBERS + _BOOLEANS + _STREAMS + _POLICY + _MACROS + _LINES + _QUEUES

# -- taken or refused, by condor_submit 23.9.6 and 25.14.1 --------------------------

_PROGRAMS = [f"executable = {name}\nqueue\n" for name in PROGRAMS]
_PROGRAMS += [
    "executable = empty.sh\ntransfer_executable = false\nqueue\n",
    "Cmd = prog.sh\nqueue\n",
    "executable = prog.sh\nCmd = nowhere\nqueue\n",
    "shell = echo hi\nqueue\n",
    "shell = echo 'a b' \"c\"\nqueue\n",
    "shell = echo hi\nexecutable = prog.sh\nqueue\n",
    "shell =\nqueue\n",
]
_QUEUED = ["", "# only this\n", "\n\n", "garbage here\n"]
_QUEUED += [
    "executable = prog.sh\n" + rest
    for rest in (
        "",
        "# the end\n",
        "queue\nqueue\n",
        "queue\n# comment\n\n",
        "queue\narguments = a\n",
        "queue\ngarbage\n",
        "queue\nx = 1\nqueue\n",
        "queue x in (a\nb\n)\nqueue\n",
        "queue x in (\na\n)\nfoo = bar\n",
        "if true\nqueue\nendif\n",
        "queue 2\nif false\narguments = a\nendif\n",
        "queue\nJOB A b\n",
        "queue\n)\n",
    )
]
_QUEUED += ["JOB A node.sub\n", "PARENT A CHILD B\n"]
_EXPRESSIONS = (
    "=1",
    "a b",
    "1 +",
    "(1",
    "1)",
    "1 # one",
    '"a',
    "'a'",
    "{1,2}",
    "{1,}",
    "[a=1]",
    "[a=1,b=2]",
    "f(1,b)",
    "f(1,)",
    "a ? b",
    "a ? b : 1",
    "a ?: b",
    "a = b",
    "a isnt b",
    "a AND b",
    "x->y",
    "2GB",
    "1.",
    ".5",
    "09",
    "0x1F",
    "a.b(1)",
    "a.'b c'",
    ".true",
    "$$(Memory)",
    "a;",
    "a ]",
    '"a" "b"',
    '"C:\\"',
    r'"a\"b"',
    "a // c",
    "a /* c */",
    "a /* c",
    "é",
    '"é"',
    "a @ b",
    "true && FALSE",
    "!!a",
    "-",
    "",
)
_SET = [
    f"{command} = {value}"
    for command, values in {
        "+A": _EXPRESSIONS,
        "My.A": ("1", "a b"),
        "requirements": ("Memory >", "(a", "a) && (b", "a b", "5", ""),
        "rank": ("a b", "Memory", ""),
        "on_exit_hold": ("ExitCode ==", "yes", "(ExitCode != 0)"),
        "on_exit_remove": ("(", "true"),
        "on_exit_hold_reason": ("some words", '"a"'),
        "on_exit_hold_subcode": ("a b", "3"),
        "periodic_remove": ("(", "1 > 2"),
        "periodic_hold": ("a b",),
        "periodic_hold_reason": ("a b",),
        "periodic_release": ("1 1",),
        "periodic_vacate": ("1 1",),
        "PeriodicRemove": ("1 1", "NumJobStarts > 2"),
        "OnExitHold": ("1 1", "true"),
        "leave_in_queue": ("a b", "true"),
        "LeaveJobInQueue": ("a b", "true"),
        "noop_job": ("a b", "maybe"),
        "retry_until": ("a b", "ExitCode == 3"),
        "concurrency_limits_expr": ("a b",),
        "job_lease_duration": ("a b", "abc"),
        "allowed_job_duration": ("a b", "abc"),
        "allowed_execute_duration": ("1 1",),
        "max_transfer_input_mb": ("a b",),
        "max_transfer_output_mb": ("1 1",),
        "max_job_retirement_time": ("a b",),
        "next_job_start_delay": ("1 1", "abc"),
        "keep_claim_idle": ("1 1", "abc"),
        "stack_size": ("1 1", "abc"),
        "noop_job_exit_code": ("a b",),
        "noop_job_exit_signal": ("a b",),
        "request_cpus": ("= 1", "1 1", "1 # one", "(1"),
        "RequestCpus": ("1 1", "1"),
        "RequestMemory": ("1 +", "2048"),
        "request_memory": ("2,000", "2 GB, 4GB,x", "2,", "2,,", "2, 3,", "2, a b", "1+1,2", "x,2", "2;", "2GiB"),
        "request_disk": ("1GB,2GB",),
        "request_gpus": ("1 1", "abc"),
        "request_foo": ("a b", "3"),
        "priority": ("high", "1+1", "2.5", '"3"', "true", "floor(2.5)", "0x10", ""),
        "prio": ("high", "3"),
        "JobPrio": ("high",),
        "nice_user": ("maybe", "yes", "(true)", "1 == 1"),
        "NiceUser": ("maybe", "false"),
        "hold": ("maybe", '"true"', "1 > 2"),
        "stream_input": ("maybe",),
        "transfer_output": ("maybe",),
        "transfer_error": ("maybe",),
        "log_xml": ("maybe", "3"),
        "core_size": ("abc", "2+2"),
        "max_idle": ("abc",),
        "max_materialize": ("abc",),
        "match_list_length": ("abc",),
        "encrypt_execute_directory": ("maybe",),
        "erase_output_and_error_on_restart": ("yes",),
        "manifest": ("maybe",),
        "want_io_proxy": ("maybe",),
        "load_profile": ("maybe",),
        "run_as_owner": ("maybe",),
        "dagman_job_id": ("a b",),
        "kill_sig": ("SIGFOO", "usr1", "9", "SIGUSR1", "SIGIO", "SIGVTALRM", "0", "-1", "KILL"),
        "KillSig": ("SIGTERM", "TERM"),
        "notification": ("sometimes", "Always", "error", "0", ""),
        "universe": ("docker", "container", "standard"),
        "batch_name": ("a b", '"a'),
        "getenv": ("maybe", "PATH, H*"),
        "transfer_input_files": ("http://x/y", "osdf:///x/y.zip"),
        "transfer_output_remaps": ("a=b", '"a=b"', "'a=b'", '"a=osdf:///x"', "a = b ; c = d", ""),
        "checkpoint_exit_code": ("85 # a",),
        "when_to_transfer_output": ("IFNEEDED", "ONEXITOREVICT", "1", '"ON_EXIT"'),
        "should_transfer_files": ("YES", "NO", "ALWAYS", "NEVER", "TRUE", "AUTO", "AUTOMATIC", "IF_REQUIRED", "1"),
        "arg\xe9": ("1",),
        "executable\xa0": ("1",),
    }.items()
    for value in values
]
_SET += [
    f"should_transfer_files = {should}\nwhen_to_transfer_output = {when}"
    for should in ("YES", "NO", "IF_NEEDED")
    for when in ("ON_EXIT", "ON_EXIT_OR_EVICT", "ON_SUCCESS", "NEVER", "")
]
_SET += [
    "should_transfer_files = NO\ntransfer_checkpoint_files = a\ncheckpoint_exit_code = 85",
    "universe = docker\ndocker_image = x",
    "universe = container\ncontainer_image = x.sif",
    "docker_image = x",
    "universe = container\ndocker_image = x",
    "universe = docker\ncontainer_image = x",
    "container_image = x\ndocker_image = y",
    "request_cpus == 1",
    "rank == 5",
]
_SET += [
    f"arguments = {value}\nL = x1, x2,x3\ns = hello\nx = 1"
    for value in (
        "$CHOICE(1,a,b)",
        "$CHOICE(x,L)",
        "$CHOICE( x , L )",
        "$CHOICE(1.7,a,b)",
        "$SUBSTR(s,1)",
        "$SUBSTR(s,-3,2)",
        "$SUBSTR(nope,1)",
        "$STRING(s)",
        "$STRING(s,%.2s)",
        "$BASENAME(s)",
        "$RANDOM_CHOICE(a,b)",
        "$RANDOM_INTEGER(1,9)",
    )
]
_SET += [
    f"if {condition}\n+R = 1\nelse\n+R = oops oops\nendif"
    for condition in (
        "version >= 8.1",
        "version > 23.9",
        "version >= 23.9",
        "version == 23.9",
        "version = 23.9.6",
        "version == 23.9.6",
        "version != 23.9.6",
        "version < 25.1.2",
        "VERSION > 8.1.6.2",
        "version >=8.1",
        "version <= 25.14",
        "version > 25.14",
        "! version >= 24.1",
        "version >= 25",
        "version>=8.1",
        "version =< 24.1",
        "version => 24.1",
        "version === 24.1",
        "version >= abc",
        "version",
        "version 8.1",
        "version >=",
        "version >= 8.1 && true",
        "version >= 08.1",
    )
]

_SET += [
    "kill_sig = 99",
    'transfer_output_remaps = "a"',
    'transfer_output_remaps = "= b"',
    "accounting_group = a b",
    "skip_if_dataflow = maybe",
    "skip_if_dataflow = True",
    "image_size = 10x",
    "image_size = 10 MB",
    "universe = parallel",
    "universe = parallel\nmachine_count = 2",
]

_WHOLE = [
    "executable = prog.sh\nif true\narguments = a\nqueue\n",
    "executable = prog.sh\nif false\narguments = a\nqueue\n",
    "executable = prog.sh\nif true\narguments = a\nqueue\nendif\n",
    "executable = prog.sh\nqueue\nif true\n",
    "executable = prog.sh\nif defined foo\narguments = a\nelse\narguments = b\nqueue\n",
    "executable = prog.sh\ninclude ifexist : site.local\narguments = $(extra:none)\nqueue\n",
    "executable = prog.sh\nif true\nqueue\narguments = b\nqueue\n",
    "executable = prog.sh\nif true\nif true\narguments = b\nqueue\n",
    "executable = prog.sh\nif false\narguments = a\nelif true\narguments = b\nqueue\n",
    "executable = prog.sh\ninclude into cache.x : defaults.sub\narguments = $(extra)\nqueue\n",
    "executable = prog.sh\ninclude sometimes : defaults.sub\nqueue\n",
    "executable = prog.sh\nINCLUDE IFEXIST : defaults.sub\narguments = $(extra)\nqueue\n",
    "executable = prog.sh\nqueue\\",
    "executable = prog.sh\nqueue 1 \\\n",
    "executable = prog.sh\nqueue \\\n\n",
    "executable = prog.sh\nqueue \\\n ",
    "executable = prog.sh\narguments = $(x)\nqueue x in [::-2] (a, b, c, d, e)\n",
    "executable = prog.sh\narguments = $(x)\nqueue x in [] (a, b, c, d, e)\n",
    "executable = prog.sh\narguments = $(x)\nqueue x in [+1:2] (a, b, c, d, e)\n",
    "executable = prog.sh\narguments = $(x)\nqueue x in [::0] (a, b, c, d, e)\n",
    "executable = prog.sh\narguments = $RANDOM_CHOICE(a b)\nqueue\n",
    "executable = prog.sh\narguments = $RANDOM_CHOICE()\nqueue\n",
    "executable = prog.sh\narguments = $CHOICE(0,a)\nqueue\n",
    "executable = prog.sh\nn = 3\nenvironment = E=$EVAL(n)$EVAL( n )$EVAL(n * 2)\nqueue\n",
    "executable = prog.sh\nenvironment = E=$EVAL(nope)\nqueue\n",
    "executable = prog.sh\nn = 1 + 2\nqueue $EVAL(n)\n",
    "executable = prog.sh\nn = 1 < 2\nif $EVAL(n)\narguments = yes\nelse\narguments = no\nendif\nqueue\n",
    "executable = prog.sh\ne = floor(3.7)\nenvironment = E=$INT(e)\nqueue\n",
    "executable = prog.sh\ne = floor(3.7)\nenvironment = E=$REAL(e)\nqueue\n",
    "executable = prog.sh\ne = 5 > 3\nenvironment = E=$INT(e)\nqueue\n",
    "executable = prog.sh\ne = 5 > 3\nenvironment = E=$REAL(e)\nqueue\n",
    "executable = prog.sh\ne = 1 ? 2 : 3\nenvironment = E=$INT(e)\nqueue\n",
    "executable = prog.sh\ne = 1 ? 2 : 3\nenvironment = E=$REAL(e)\nqueue\n",
    'executable = prog.sh\ne = "7"\nenvironment = E=$INT(e)\nqueue\n',
    'executable = prog.sh\ne = "7"\nenvironment = E=$REAL(e)\nqueue\n',
    "executable = prog.sh\ne = foo\nenvironment = E=$INT(e)\nqueue\n",
    "executable = prog.sh\ne = foo\nenvironment = E=$REAL(e)\nqueue\n",
    'executable = prog.sh\ne = int("12")\nenvironment = E=$INT(e)\nqueue\n',
    'executable = prog.sh\ne = int("12")\nenvironment = E=$REAL(e)\nqueue\n',
    "executable = prog.sh\ne = 2**3\nenvironment = E=$INT(e)\nqueue\n",
    "executable = prog.sh\ne = 2**3\nenvironment = E=$REAL(e)\nqueue\n",
    "executable = prog.sh\ne = 1 + undefined\nenvironment = E=$INT(e)\nqueue\n",
    "executable = prog.sh\ne = 1 + undefined\nenvironment = E=$REAL(e)\nqueue\n",
]

ANSWERED = [*_PROGRAMS, *_QUEUED, *(f"executable = prog.sh\n{body}\nqueue\n" for body in _SET), *_WHOLE]
"""Whole descriptions that condor_submit of both versions took or refused (submit_answers.json)."""
