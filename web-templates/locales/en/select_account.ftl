# The page where a person chooses an account. "Choose an account" is fixed: tests and tools look for it.
select_account-title-heading = Choose an account
select_account-application-context = to continue to { $application }
select_account-continue-label = Continue as { $user }
select_account-another-label = Use another account
