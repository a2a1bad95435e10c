#!/usr/bin/env Rscript
x <- c(12.1, 9.8, 11.4, 10.9, 13.3, 8.7, 10.2)
if (file.exists("boot.rds")) {
  s <- readRDS("boot.rds")
  assign(".Random.seed", s$seed, envir = globalenv())
} else {
  set.seed(1)
  s <- list(means = numeric(0))
}
while (length(s$means) < 30) {
  s$means <- c(s$means, mean(sample(x, replace = TRUE)))
  if (length(s$means) %% 10 == 0 && length(s$means) < 30) {
    s$seed <- get(".Random.seed", envir = globalenv())
    saveRDS(s, "boot.tmp")
    file.rename("boot.tmp", "boot.rds")
    quit(save = "no", status = 85)
  }
}
write.table(quantile(s$means), "quantiles.txt", col.names = FALSE)
