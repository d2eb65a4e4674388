layout-legal-label = Rechtliches
layout-theme-dark = Dunkles Design
layout-theme-light = Helles Design
layout-summary-heading = Es gibt ein Problem
