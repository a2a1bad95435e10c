# The generator of random numbers goes on where it was when Perl last left, instead of beginning again where it is seeded:
# as many numbers are drawn as before. Perl loads this first (PERL5OPT).
package Kept;
use strict;

my ($before, $drawn) = (0, 0);
if (open my $file, '<', '.kept.perl') { $before = <$file> }

BEGIN {
    no warnings 'once';
    *CORE::GLOBAL::rand = sub (;$) { $drawn++; CORE::rand(@_ ? $_[0] : 1) };
    *CORE::GLOBAL::srand = sub (;$) {
        my $seed = @_ ? CORE::srand($_[0]) : CORE::srand();
        CORE::rand() for 1 .. $before;
        $drawn = $before;
        return $seed;
    };
}

END {
    if ($drawn && open my $file, '>', '.kept.perl') { print $file $drawn }
}
1;
