#!/usr/bin/env perl
use strict; use warnings;
# length statistics of reads: n, mean, longest, GC
my %st = (pos => 0, n => 0, len => 0, gc => 0, longest => '', prev => 0, rises => 0);
if (open my $in, '<', 'reads.ck') { while (<$in>) { chomp; my ($k, $v) = split /\t/; $st{$k} = $v // ''; } close $in; }
open my $fa, '<', 'reads.txt' or die $!;
seek $fa, $st{pos}, 0;
my $here = 0;
while (my $seq = <$fa>) {
    chomp $seq;
    $st{n}++; $st{len} += length $seq; $st{gc} += ($seq =~ tr/GC//);
    $st{longest} = $seq if length $seq > length $st{longest};
    $st{rises}++ if length $seq > $st{prev};
    $st{prev} = length $seq;
    $st{pos} = tell $fa;
    if (++$here == 8 && !eof $fa) {
        open my $out, '>', 'reads.ck.new' or die; print {$out} "$_\t$st{$_}\n" for sort keys %st; close $out;
        rename 'reads.ck.new', 'reads.ck'; exit 85;
    }
}
open my $o, '>', 'stats.tsv'; printf $o "reads\t%d\nmean\t%.2f\ngc\t%.3f\nlongest\t%d\nrises\t%d\n", $st{n}, $st{len} / $st{n}, $st{gc} / $st{len}, length $st{longest}, $st{rises};
