# Virtual time for Perl, which loads this first (PERL5OPT): time, sleep, alarm, localtime, gmtime, select with four
# arguments, and Time::HiRes.
package VirtualTime;
use strict;

my ($clock, $tools) = @ENV{qw(_SIMULATOR_CLOCK _SIMULATOR_TOOLS)};
my ($looks, $then, $alarm, $rings) = (0, 0);

sub moment {
    open my $file, '<', $clock or return CORE::time;
    return 0 + <$file>;
}

sub now {
    my $now = moment();
    $looks = $now == $then ? $looks + 1 : 0;
    pass(0.5) if $looks > 100; # a loop that waits for a time: see MOST_LOOKS in clock.py
    open my $asked, '>>', "$clock.asked";
    return $then = moment();
}

# Like shell/sleep, but without another process if possible, so that a signal ends it.
sub pass {
    my ($seconds, $begun) = (shift, moment());
    my $pipe = 'a';
    $pipe++ until $pipe gt 'd' || -p "$clock.sleep.$pipe" && sysopen my $taken, "$clock.sleep.$pipe.taken", 0301;
    if ($pipe le 'd' && open my $line, '+<', "$clock.sleep.$pipe") {
        open my $server, '>', "$clock.sleep";
        syswrite $server, "$$ $seconds $pipe\n";
        close $server;
        # Otherwise the pipe stays taken as long as this process lives.
        unlink "$clock.sleep.$pipe.taken" if sysread $line, my $reply, 1;
    } else {
        local ($?, $!);
        system "$tools/sleep", $seconds;
    }
    return moment() - $begun;
}

sub ring {
    my $seconds = shift;
    my $left = $alarm ? $rings - moment() : 0;
    kill 'TERM', $alarm if $alarm;
    $rings = moment() + $seconds;
    local ($?, $!);
    $alarm = $seconds && `{ '$tools/sleep' $seconds && kill -ALRM $$; } > /dev/null 2>&1 & echo \$!` + 0;
    return $left > 0 ? $left : 0;
}

BEGIN {
    no warnings 'once';
    *CORE::GLOBAL::time = sub () { int now() };
    *CORE::GLOBAL::sleep = sub (;$) { int 0.5 + pass(@_ ? int $_[0] : 1e9) };
    *CORE::GLOBAL::alarm = sub (;$) { int 0.5 + ring(int(@_ ? $_[0] : $_)) };
    *CORE::GLOBAL::localtime = sub (;$) { CORE::localtime(@_ ? $_[0] : now()) };
    *CORE::GLOBAL::gmtime = sub (;$) { CORE::gmtime(@_ ? $_[0] : now()) };
    *CORE::GLOBAL::select = sub (;*@) {
        return @_ ? CORE::select($_[0] =~ /\A\*|::/ || ref $_[0] ? $_[0] : caller() . "::$_[0]") : CORE::select() if @_ < 4;
        return CORE::select($_[0], $_[1], $_[2], $_[3]) if defined $_[0] || defined $_[1] || defined $_[2] || !$_[3];
        pass($_[3]);
        return 0;
    };
}

my %high_resolution = (
    time => sub () { now() },
    sleep => sub (;@) { pass(@_ ? $_[0] : 1e9) },
    usleep => sub ($) { 1e6 * pass($_[0] / 1e6) },
    nanosleep => sub ($) { 1e9 * pass($_[0] / 1e9) },
    alarm => sub ($;$) { ring($_[0]) },
    ualarm => sub ($;$) { 1e6 * ring($_[0] / 1e6) },
    clock_gettime => sub (;$) { now() - ($_[0] ? 1e9 : 0) },
    gettimeofday => sub () { my $now = now(); wantarray ? (int $now, int 1e6 * ($now - int $now)) : $now },
);

sub high_resolution {
    no strict 'refs';
    no warnings qw(redefine prototype once);
    for my $name (keys %high_resolution) {
        # `perl -MTime::HiRes=sleep` has already imported it into main.
        my @places = grep { defined &$_ && \&$_ == \&{"Time::HiRes::$name"} } "main::$name";
        *$_ = $high_resolution{$name} for "Time::HiRes::$name", @places;
    }
}

high_resolution() if $INC{'Time/HiRes.pm'};
unshift @INC, sub {
    return unless $_[1] eq 'Time/HiRes.pm';
    my ($file) = grep { -e } map { "$_/$_[1]" } grep { !ref } @INC or return;
    open my $source, '<', \"require '$file'; VirtualTime::high_resolution(); 1;";
    return $source;
};
$^T = int moment();
1;
