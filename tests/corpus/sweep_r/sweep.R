#!/usr/bin/env Rscript
# A sweep over growth rates: what is left of a logistic map.
rates <- seq(2.5, 3.9, by = 0.2)
first <- if (file.exists("done.txt")) as.integer(readLines("done.txt")) + 1 else 1
total <- 0
if (first > 1) total <- sum(read.csv("sweep.csv")$last)
for (i in first:length(rates)) {
  x <- 0.3
  for (k in 1:200) x <- rates[i] * x * (1 - x)
  Sys.sleep(0)
  total <- total + x
  row <- data.frame(rate = rates[i], last = x, total = total)
  write.table(row, "sweep.csv", sep = ",", row.names = FALSE, append = i > 1, col.names = i == 1)
  if (i %in% c(3, 6)) {
    writeLines(as.character(i), "done.txt")
    q(status = 85)
  }
}
