//! What of a realm has no counterpart, section by section.

use super::built_in;
use super::json::{Object, says_something};
use super::report::Notes;

/// Says what is not imported of the members that nobody has read.
pub(super) fn rest(notes: &Notes, root: &mut Object<'_>) {
    root.ignore(&[
        "id",
        "keycloakVersion",
        "requiredCredentials",
        "access",
        "notBefore",
        "verifiableCredentialsEnabled",
    ]);
    if root.flag("enabled") == Some(false) {
        let todo = "Suspend the realm if nobody is to sign in.";
        notes.lost("enabled", "the realm is disabled", "a document says nothing about it, and the realm serves", todo);
    }
    sign_in(notes, root);
    outside(root);
    looks(root);
    flows(notes, root);
    authenticators(notes, root);
    components(notes, root);
    attributes(notes, root);
}

/// How people sign in and sign up.
fn sign_in(notes: &Notes, root: &mut Object<'_>) {
    let none = "there is no such page";
    let by_admin = "An administrator does it.";
    root.no_counterpart("registrationAllowed", "people sign up by themselves", none, by_admin);
    root.no_counterpart("resetPasswordAllowed", "people reset a forgotten password by mail", none, by_admin);
    root.no_counterpart("verifyEmail", "people prove their address before they sign in", none, by_admin);
    root.no_counterpart("editUsernameAllowed", "people change their username", none, by_admin);
    root.no_counterpart(
        "duplicateEmailsAllowed",
        "several people share an address",
        "an address belongs to one person, who signs in with it",
        "See which users have lost theirs.",
    );
    if root.flag("loginWithEmailAllowed") == Some(false) {
        let why = "people sign in with their username or their address";
        notes.changed("loginWithEmailAllowed", "people sign in with their username alone", why, "");
    }
    if root.flag("rememberMe") == Some(false) {
        let why = "a session lasts as the policy says, and longer where somebody asks to be remembered";
        notes.left_out("rememberMe", "nobody is remembered", why);
    }
    root.ignore(&["registrationEmailAsUsername"]);
    if root.text("sslRequired").is_some_and(|required| required != "external") {
        let why = "a production server is reached by https alone";
        notes.left_out("sslRequired", "when TLS is asked for", why);
    }
    root.no_counterpart(
        "defaultGroups",
        "groups that new people are put into",
        "there are none",
        "Put new people into groups when they are made.",
    );
}

/// What speaks with others.
fn outside(root: &mut Object<'_>) {
    let again = "Set it up anew once it is there.";
    root.no_counterpart("smtpServer", "the mail server of the realm", "no mail is sent yet", again);
    root.no_counterpart("identityProviders", "sign-in by other providers", "there is none yet", again);
    root.no_counterpart("identityProviderMappers", "mappers of other providers", "there are none yet", again);
    root.no_counterpart("userFederationProviders", "users from elsewhere", "there are none yet", again);
    root.no_counterpart("userFederationMappers", "mappers of users from elsewhere", "there are none yet", again);
    root.no_counterpart("federatedUsers", "users from elsewhere", "there are none yet", again);
    root.no_counterpart("organizations", "organizations", "there are none yet", again);
    root.no_counterpart("organizationsEnabled", "organizations", "there are none yet", again);
    let events = "every change and every sign-in stands in the audit log";
    for key in ["eventsEnabled", "adminEventsEnabled", "adminEventsDetailsEnabled", "eventsExpiration"] {
        root.no_counterpart(key, "settings of events", events, "");
    }
    root.ignore(&["eventsListeners", "enabledEventTypes"]);
    let profiles = "policies of clients have no counterpart";
    root.no_counterpart("clientProfiles", "client profiles", profiles, "Look at each client.");
    root.no_counterpart("clientPolicies", "client policies", profiles, "Look at each client.");
    root.no_counterpart("userManagedAccessAllowed", "user-managed access", "it is not offered", "");
    root.no_counterpart("adminPermissionsEnabled", "fine-grained permissions", "rights follow from built-in roles", "");
    root.no_counterpart("protocolMappers", "mappers of the realm", "mappers belong to scopes and clients", "");
}

/// How pages look.
fn looks(root: &mut Object<'_>) {
    let todo = "Set `branding`.";
    root.no_counterpart("displayNameHtml", "markup of the name", "pages are themed with values, never markup", todo);
    for key in ["loginTheme", "accountTheme", "adminTheme", "emailTheme"] {
        root.no_counterpart(key, "a theme", "pages are themed with values, never templates", todo);
    }
    for key in ["internationalizationEnabled", "supportedLocales", "defaultLocale", "localizationTexts"] {
        root.no_counterpart(key, "languages and texts of pages", "pages are in English and German", "");
    }
    root.needless("browserSecurityHeaders", "headers of pages", "each page has the headers that fit it");
}

fn flows(notes: &Notes, root: &mut Object<'_>) {
    let why = "there is one way to sign in";
    for mut flow in root.objects("authenticationFlows") {
        let alias = flow.text("alias").unwrap_or_default();
        if flow.flag("builtIn") == Some(true) {
            notes.left_out("authenticationFlows", "Keycloak's own authentication flows", why);
        } else {
            let todo = "See what it asks of people beyond their password.";
            notes.lost(&format!("authenticationFlows/{alias}"), "an authentication flow", why, todo);
        }
    }
    root.ignore(&["authenticatorConfig"]);
    for key in [
        "browserFlow",
        "registrationFlow",
        "directGrantFlow",
        "resetCredentialsFlow",
        "clientAuthenticationFlow",
        "dockerAuthenticationFlow",
        "firstBrokerLoginFlow",
    ] {
        if root.words(key).is_some_and(|alias| !built_in::is_flow(alias)) {
            notes.lost(key, "the flow that is bound here", why, "");
        }
    }
}

/// Second factors and required actions.
fn authenticators(notes: &Notes, root: &mut Object<'_>) {
    if !root.list("requiredActions").is_empty() {
        notes.left_out("requiredActions", "what people may be asked to do", "nobody is asked to do anything");
    }
    let of_factors = |key: &&str| ["otp", "webAuthn"].iter().any(|prefix| key.starts_with(prefix));
    let factors: Vec<&str> = root.unread().into_iter().filter(of_factors).collect();
    if !factors.is_empty() {
        notes.left_out("otpPolicy…, webAuthnPolicy…", "policies of second factors", "there are no second factors yet");
    }
    root.ignore(&factors);
}

/// Key providers, federation, the schema of users and the like.
fn components(notes: &Notes, root: &mut Object<'_>) {
    let Some(mut components) = root.object("components") else { return };
    for kind in components.unread() {
        let path = components.at(kind);
        if components.take(kind).is_some_and(says_something) {
            component(notes, &path, kind);
        }
    }
}

fn component(notes: &Notes, path: &str, kind: &str) {
    match kind.rsplit('.').next().unwrap_or(kind) {
        "KeyProvider" => {
            let todo = "Clients fetch the new keys by themselves; those that hold a copy need the new ones.";
            notes.changed(path, "signing keys", "the realm has keys of its own, and old tokens count no more", todo);
        }
        "UserStorageProvider" => {
            let todo = "Users of the directory who were imported have no password here.";
            notes.lost(path, "a directory of users (LDAP, Kerberos, …)", "there is none yet", todo);
        }
        "UserProfileProvider" => {
            let why = "each attribute that somebody has became a custom field of type `string`";
            notes.changed(path, "the schema of users", why, "Set types, and who may write, in `custom_fields`.");
        }
        "ClientRegistrationPolicy" => {
            let why = "nobody registers clients unless the realm's policy says so";
            notes.left_out(path, "policies of registrations", why);
        }
        _ => notes.lost(path, format!("components of the kind `{kind}`"), "they have no counterpart", ""),
    }
}

/// The realm's attributes, most of which stand elsewhere in the export too.
fn attributes(notes: &Notes, root: &mut Object<'_>) {
    let Some(mut attributes) = root.object("attributes") else { return };
    // They stand among the members of the realm too, or say nothing that is not said elsewhere.
    attributes.ignore(&[
        "oauth2DeviceCodeLifespan",
        "oauth2DevicePollingInterval",
        "clientSessionIdleTimeout",
        "clientSessionMaxLifespan",
        "clientOfflineSessionIdleTimeout",
        "clientOfflineSessionMaxLifespan",
        "actionTokenGeneratedByUserLifespan",
        "actionTokenGeneratedByUserLifespan.verify-email",
        "realmReusableOtpCode",
        "organizationsEnabled",
    ]);
    attributes.no_counterpart("frontendUrl", "an address of the realm", "the server has one address", "");
    attributes.no_counterpart("acr.loa.map", "levels of authentication", "`acr` is 1 or 2", "");
    for key in attributes.unread() {
        let path = attributes.at(key);
        let is_of_later_grants = key.starts_with("ciba") || key.starts_with("par");
        if attributes.take(key).is_some_and(says_something) {
            let what = format!("the attribute `{key}`");
            if is_of_later_grants {
                notes.left_out(&path, what, "neither CIBA nor pushed requests are offered yet");
            } else {
                notes.lost(&path, what, "attributes of realms have no counterpart", "");
            }
        }
    }
}
