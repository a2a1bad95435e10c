# Virtual time for R, which reads this as its site's profile (R_PROFILE): Sys.sleep, date, and Sys.time with what relies
# on it. (Rscript --vanilla reads no profile. proc.time stays real, as R's compiler puts it in where it is called.)

local({
    site <- file.path(R.home("etc"), "Rprofile.site")
    if (file.exists(site)) sys.source(site, baseenv())
})

if (nzchar(Sys.getenv("_SIMULATOR_CLOCK"))) local({
    clock <- Sys.getenv("_SIMULATOR_CLOCK")
    sleep <- shQuote(file.path(Sys.getenv("_SIMULATOR_TOOLS"), "sleep"))
    looks <- 0
    then <- 0

    moment <- function() as.numeric(readLines(clock, 1L, warn = FALSE))

    pass <- function(seconds) system(paste(sleep, format(seconds, digits = 15, scientific = FALSE)))

    now <- function() {
        looks <<- if (moment() == then) looks + 1 else 0
        if (looks > 100) pass(0.5) # a loop until some moment: see MOST_LOOKS in clock.py
        cat("", file = paste0(clock, ".asked"), append = TRUE)
        then <<- moment()
    }

    put <- function(name, value) {
        unlockBinding(name, baseenv())
        assign(name, value, baseenv())
        lockBinding(name, baseenv())
    }

    put("Sys.sleep", function(time) {
        if (!is.numeric(time) || length(time) != 1L || is.na(time) || time < 0) stop("invalid 'time' value")
        pass(time)
        invisible()
    })
    put("Sys.time", function() .POSIXct(now()))
    put("date", function() format(Sys.time(), "%a %b %e %H:%M:%S %Y"))
})
