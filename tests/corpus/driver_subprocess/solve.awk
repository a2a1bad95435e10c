{ x = $1; for (i = 0; i < 20; i++) x = (x + $2 / x) / 2; printf "%.10f %.10f\n", x, $2 + 1 }
