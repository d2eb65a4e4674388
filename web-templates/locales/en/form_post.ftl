# The page that posts an authorization response; seen only without script.
form_post-title-heading = Continue to the application
form_post-noscript-advice = Script is off in your browser. Use the button to continue.
form_post-submit-label = Continue
