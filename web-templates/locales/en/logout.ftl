# Signing out. "Do you want to sign out?" and "You are signed out" are fixed.
logout-title-heading = Do you want to sign out?
logout-application-context = { $application } asks to sign you out.
logout-realm-context = This ends your session at { $realm }.
logout-user-context = You are signed in as { $user }.
logout-submit-label = Sign out
logout-stay-advice = To stay signed in, close this page.
signed_out-title-heading = You are signed out
signed_out-realm-context = Your session at { $realm } has ended.
signed_out-back-label = Back to { $application }
signed_out-continue-label = Continue
