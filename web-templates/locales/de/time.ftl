time-ago-now = gerade eben
time-ago-minutes = { $count ->
    [one] vor { $count } Minute
   *[other] vor { $count } Minuten
}
time-ago-hours = { $count ->
    [one] vor { $count } Stunde
   *[other] vor { $count } Stunden
}
time-ago-days = { $count ->
    [one] vor { $count } Tag
   *[other] vor { $count } Tagen
}
