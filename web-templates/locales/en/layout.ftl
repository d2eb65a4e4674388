# What every page says.
layout-legal-label = Legal
layout-theme-dark = Dark theme
layout-theme-light = Light theme
layout-summary-heading = There is a problem
