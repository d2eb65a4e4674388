# The consent page.
consent-title-heading = { $application } wants to use your account
consent-user-context = You are signed in as { $user }
consent-scopes-legend = If you accept, { $application } can:
consent-optional-label = optional
consent-accept-label = Accept
consent-cancel-label = Cancel

# The scopes that every realm has, after "… can:".
scope-openid-description = Know who you are
scope-profile-description = See your name and profile
scope-email-description = See your email address
scope-address-description = See your postal address
scope-phone-description = See your phone number
scope-offline_access-description = Keep its access while you are not there
scope-roles-description = See your roles
scope-groups-description = See the groups that you belong to
