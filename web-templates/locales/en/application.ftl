# What an application registered about itself.
application-about-context = About { $application }:
application-policy-link = Privacy policy
application-terms-link = Terms of use
