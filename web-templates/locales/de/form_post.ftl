form_post-title-heading = Weiter zur Anwendung
form_post-noscript-advice = Skripte sind in Ihrem Browser ausgeschaltet. Mit der Schaltfläche geht es weiter.
form_post-submit-label = Weiter
