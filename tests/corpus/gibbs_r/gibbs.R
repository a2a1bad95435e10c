#!/usr/bin/env Rscript
# A Metropolis sampler of a Gaussian, 25 draws in all.
if (file.exists("chain.rds")) {
  chain <- readRDS("chain.rds")
  .Random.seed <- chain$seed
} else {
  set.seed(2718)
  chain <- list(i = 0, x = 0.5, accepted = 0)
  cat("i,x,accepted\n", file = "draws.csv")
}
while (chain$i < 25) {
  proposal <- chain$x + rnorm(1, sd = 0.8)
  if (log(runif(1)) < (chain$x^2 - proposal^2) / 2) {
    chain$x <- proposal
    chain$accepted <- chain$accepted + 1
  }
  chain$i <- chain$i + 1
  cat(sprintf("%d,%.10f,%d\n", chain$i, chain$x, chain$accepted), file = "draws.csv", append = TRUE)
  Sys.sleep(60)
  if (chain$i %% 10 == 0) {
    chain$seed <- .Random.seed
    saveRDS(chain, "chain.rds")
    quit(status = 85)
  }
}
