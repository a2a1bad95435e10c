#!/usr/bin/env perl
use strict; use warnings; use JSON::PP;
my $state = { line => 0, hits => 0, carry => '' };
if (open my $in, '<', 'genes.json') { local $/; $state = decode_json(<$in>); close $in }
open my $genome, '<', 'genome.txt' or die;
open my $hits, '>>', 'hits.tsv' or die;
<$genome> for 1 .. $state->{line};
my $lines = 0;
while (my $line = <$genome>) {
    if ($lines++ == 6) {
        close $hits;
        open my $out, '>', 'genes.json' or die;
        print $out encode_json($state);
        close $out;
        exit(85);
    }
    chomp $line;
    my $text = $state->{carry} . $line;
    while ($text =~ /ATG/g) {
        $state->{hits}++;
        printf $hits "%d\t%d\t%d\n", $state->{hits}, $state->{line} + 1, pos($text) - 3 - length $state->{carry};
    }
    $state->{carry} = substr $text, -2;
    $state->{line}++;
    sleep 1;
}
close $hits;
