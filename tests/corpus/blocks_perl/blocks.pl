#!/usr/bin/perl
# Bootstrap means, with Storable.
use strict;
use warnings;
use Storable qw(nstore retrieve);

my @data = (3.1, 2.7, 4.4, 1.9, 3.3, 5.0, 2.2);
my $file = 'blocks.sto';
my $s = -e $file ? retrieve($file) : { seed => 17, done => 0, means => [] };

sub draw {
    my $n = shift;
    $s->{seed} = ($s->{seed} * 69069 + 1) % 4294967296;
    return int($s->{seed} / 4294967296 * $n);
}

while ($s->{done} < 9) {
    my $sum = 0;
    $sum += $data[draw(scalar @data)] for @data;
    push @{ $s->{means} }, $sum / @data;
    $s->{done}++;
    sleep 45;
    if ($s->{done} % 4 == 0) {
        nstore($s, "$file.new");
        rename "$file.new", $file or die "rename: $!";
        exit 85;
    }
}
open my $out, '>', 'means.txt' or die;
printf $out "%.6f\n", $_ for @{ $s->{means} };
close $out;
