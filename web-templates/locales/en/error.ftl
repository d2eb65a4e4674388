# The error page: for each kind a title, what happened, what to do next.
error-request_id-label = Request id
error-details-label = Details
error-start_again-label = Start again
error-retry-seconds = { $count ->
    [one] Try again in { $count } second.
   *[other] Try again in { $count } seconds.
}
error-retry-minutes = { $count ->
    [one] Try again in { $count } minute.
   *[other] Try again in { $count } minutes.
}

error-unknown_realm-title = This sign-in page does not exist
error-unknown_realm-what = There is no realm at this address.
error-unknown_realm-next = Check the address, or go back to the application and sign in from there.

error-suspended_realm-title = Sign-in is suspended
error-suspended_realm-what = This realm is suspended, so nobody can sign in here at the moment.
error-suspended_realm-next = Ask your administrator when it will be back.

error-not_found-title = Page not found
error-not_found-what = There is nothing at this address.
error-not_found-next = Check the address, or go back to the application.

error-method_not_allowed-title = This page cannot be used this way
error-method_not_allowed-what = The address exists, but not for this kind of request.
error-method_not_allowed-next = Go back to the application and start again.

error-invalid_request-title = The request could not be read
error-invalid_request-what = Something in the request is malformed or was sent twice.
error-invalid_request-next = Go back to the application and start again. If it happens again, tell its developers.

error-missing_client-title = Missing parameter: client_id
error-missing_client-what = The application did not say which application it is.
error-missing_client-next = Go back to the application. If it happens again, tell its developers.

error-unknown_client-title = Unknown application
error-unknown_client-what = The application that sent you here is not registered, or is turned off.
error-unknown_client-next = Go back to the application. If it happens again, tell its developers: check client_id.

# Fixed words.
error-invalid_redirect_uri-title = Invalid parameter: redirect_uri
error-invalid_redirect_uri-what = The application wants you sent back to an address that is not registered for it, so we stopped here.
error-invalid_redirect_uri-next = There is nothing you need to do. Tell the application’s developers: redirect_uri must be exactly one of the registered ones.

error-invalid_post_logout_redirect_uri-title = Invalid parameter: post_logout_redirect_uri
error-invalid_post_logout_redirect_uri-what = The application wants you sent to an address that is not registered for it, so we stopped here.
error-invalid_post_logout_redirect_uri-next = Tell the application’s developers: post_logout_redirect_uri must be exactly one of the registered ones.

error-expired_interaction-title = This sign-in has expired
error-expired_interaction-what = It took too long, or was begun in another browser.
error-expired_interaction-next = Go back to the application and sign in again.

error-expired_device-title = This code is over
error-expired_device-what = The device’s code has expired, or was used already.
error-expired_device-next = Start again on your device: it shows a new code.

error-already_done-title = This step is already done
error-already_done-what = The form was sent twice, or from an older page or tab.
error-already_done-next = Go back to the application. If you are not signed in there, sign in again.

error-stale_form-title = This form is out of date
error-stale_form-what = You signed in or out in the meantime, perhaps in another tab.
error-stale_form-next = Go back, reload the page and send the form again. Nothing was changed.

error-foreign_form-title = The form came from another site
error-foreign_form-what = To protect your account we take forms from our own pages only.
error-foreign_form-next = Open the page here and send the form again. Nothing was changed.

error-cookies_off-title = Cookies are turned off
error-cookies_off-what = Your browser did not send our cookie back, so we cannot tell that this is your sign-in.
error-cookies_off-next = Allow cookies for this site, then go back to the application and sign in again.

error-access_denied-title = You cannot do this
error-access_denied-what = Your account does not have the right to do this.
error-access_denied-next = Ask your administrator if you think that it should.

error-too_many_requests-title = Too many requests
error-too_many_requests-what = There were too many requests from your network in a short time.
error-too_many_requests-next = Please wait a little.

error-payload_too_large-title = The request is too large
error-payload_too_large-what = What was sent is larger than this page takes.
error-payload_too_large-next = Go back to the application and start again.

error-unsupported_media_type-title = The request has the wrong format
error-unsupported_media_type-what = This address takes forms only.
error-unsupported_media_type-next = Go back to the application. If it happens again, tell its developers.

error-misdirected_request-title = This is not the right server
error-misdirected_request-what = The address that your browser used does not belong to this server.
error-misdirected_request-next = Use the address that your administrator or the server’s start message gave you.

error-server_error-title = Something went wrong
error-server_error-what = That was our fault, not yours. Nothing was lost.
error-server_error-next = Please try again. If it happens again, tell your administrator the request id.

error-unavailable-title = We cannot answer just now
error-unavailable-what = A part of the service is not answering.
error-unavailable-next = Nothing was lost.
