"""payload/fibonacci: 89 after ten iterations, however often it is evicted."""
import pytest

EXPECTED = ''.join('iteration %d: %d\n' % pair for pair in
                   enumerate([1, 2, 3, 5, 8, 13, 21, 34, 55, 89], 1)) + 'fibonacci(10) = 89\n'


def test_any_schedule_prints_the_same_and_ends_with_89(pool, submit_directory, elsewhere):
    job = pool(submit_directory('fibonacci'), 'fibonacci.sub').run(elsewhere)
    assert job.stdout == EXPECTED
    assert job.executions == 5


def test_an_execution_is_two_iterations_of_30_seconds(start, submit_directory):
    submit = submit_directory('fibonacci')
    run = start(submit, 'fibonacci.py', 10)
    assert (run.code, run.elapsed) == (85, 60)
    assert (submit / 'fibonacci.checkpoint').read_text() == '2 1 2\n'  # iteration, and both numbers


def test_an_eviction_loses_only_what_came_after_the_checkpoint(pool, submit_directory):
    job = pool(submit_directory('fibonacci'), 'fibonacci.sub')
    job.new_sandbox()
    assert job.execute().code == 85
    job.execute(until=45)
    assert job.run(elsewhere=lambda n: False).stdout == EXPECTED


@pytest.mark.parametrize('checkpoint', ['', 'garbage', '2 1', '12 144 233', '-2 1 1'])
def test_an_unusable_checkpoint_is_a_fresh_start(start, submit_directory, checkpoint):
    submit = submit_directory('fibonacci')
    (submit / 'fibonacci.checkpoint').write_text(checkpoint)
    run = start(submit, 'fibonacci.py', 1)
    assert run.stdout == 'iteration 1: 1\nfibonacci(1) = 1\n'
    assert 'starting over' in run.stderr


@pytest.mark.parametrize('arguments', [[], ['ten'], [-1], [1, 2]])
def test_a_wrong_command_line_is_exit_code_2(start, submit_directory, arguments):
    run = start(submit_directory('fibonacci'), 'fibonacci.py', *arguments)
    assert run.code == 2 and run.stderr.count('\n') == 1
