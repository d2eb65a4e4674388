select_account-title-heading = Konto auswählen
select_account-application-context = um mit { $application } fortzufahren
select_account-continue-label = Weiter als { $user }
select_account-another-label = Ein anderes Konto verwenden
