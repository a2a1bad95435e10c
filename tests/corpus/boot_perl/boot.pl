#!/usr/bin/perl
# Bootstrap means of a sample, with a generator of its own, as rand can't be saved.
use strict;
use warnings;
use Data::Dumper;
my @data = (4.1, 5.2, 3.9, 6.8, 5.5, 4.7, 5.1, 6.0);
my $state = -e 'boot.state' ? do './boot.state' : { done => 0, seed => 12345, sum => 0 };
open my $out, '>>', 'means.txt' or die "means.txt: $!";
sub draw { $state->{seed} = ($state->{seed} * 1103515245 + 12345) % 2**31; int($state->{seed} / 65536) % @data }
while ($state->{done} < 20) {
    my $mean = 0;
    $mean += $data[draw()] / @data for @data;
    $state->{sum} += $mean;
    $state->{done}++;
    printf $out "%d %.6f %.6f\n", $state->{done}, $mean, $state->{sum};
    sleep 20;
    if ($state->{done} % 6 == 0) {
        open my $file, '>', 'boot.state' or die;
        print $file Data::Dumper->new([$state])->Terse(1)->Dump;
        close $file;
        close $out;
        exit 85;
    }
}
