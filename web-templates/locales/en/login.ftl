# The sign-in page. "Sign in to …" is fixed: tests and tools look for it.
login-title-heading = Sign in to { $realm }
login-application-context = to continue to { $application }
login-again-note = Please sign in again to confirm that it is you.
login-username-label = Username or email
login-username-missing = Enter your username or email
login-password-label = Password
login-password-missing = Enter your password
login-password-show = Show
login-password-hide = Hide
login-remember_me-label = Remember me on this device
login-submit-label = Sign in
# One answer for unknown, wrong and locked.
login-credentials-wrong = The username or password is not right. After several failed tries, wait a minute before the next.
login-credentials-check = Check the username and enter the password again
login-too_many-error = There were too many sign-in attempts from your network.
login-stale_form-error = The form was out of date. Here is a new one: please sign in again.
login-unavailable-error = We could not check your password just now. Please try again in a moment.
login-account-context = to manage your account
