# The generator of random numbers goes on where it was when R last left, instead of beginning again where it is seeded.
# R reads this as the user's profile (R_PROFILE_USER).

local({
    seed <- base::set.seed
    kept <- if (file.exists(".kept.rds")) readRDS(".kept.rds")
    unlockBinding("set.seed", baseenv())
    assign("set.seed", function(...) {
        seed(...)
        if (!is.null(kept)) assign(".Random.seed", kept, globalenv())
        kept <<- NULL
    }, baseenv())
})
.Last <- function() if (exists(".Random.seed", globalenv())) saveRDS(get(".Random.seed", globalenv()), ".kept.rds")
