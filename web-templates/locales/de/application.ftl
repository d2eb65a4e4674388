application-about-context = Über { $application }:
application-policy-link = Datenschutzerklärung
application-terms-link = Nutzungsbedingungen
