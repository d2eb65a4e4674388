//! Where everything is: typed routes, shared by the code that registers them, the code that links to them, templates
//! and tests. Nothing else writes a path of a realm.

use palatine_domain::asset::AssetKind;
use palatine_domain::ids::{ClientKey, InteractionId};
use palatine_protocol::endpoints::Endpoint;

/// The path, below the public URL, under which realms live.
pub const REALMS: &str = "/realms";

/// The pattern of a realm's path, below the public URL's path prefix; routes of a realm hang below it.
pub const REALM_PATTERN: &str = "/realms/{realm}";

/// The name of the slug in [`REALM_PATTERN`].
pub const REALM_PARAMETER: &str = "realm";

/// The name of the interaction in patterns of pages.
pub const INTERACTION_PARAMETER: &str = "interaction";

/// The name of a client's key in the pattern of its logo.
pub const CLIENT_PARAMETER: &str = "client";

/// The name of what a picture is for in the pattern of pictures.
pub const PICTURE_PARAMETER: &str = "picture";

/// A route of a realm: an endpoint of the protocol, or a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RealmRoute {
    /// What the realm is, as JSON: its path itself, with and without a slash at the end.
    Info,
    /// An endpoint of the protocol.
    Protocol(Endpoint),
    /// A page.
    Page(PageRoute),
}

impl RealmRoute {
    /// Every route.
    pub fn all() -> impl Iterator<Item = Self> {
        let endpoints = Endpoint::ALL.into_iter().map(Self::Protocol);
        let pages = PageRoute::ALL.iter().copied().map(Self::Page);
        std::iter::once(Self::Info).chain(endpoints).chain(pages)
    }

    /// Its patterns below the realm's path, the canonical one first. A pattern may have parameters in braces.
    pub const fn patterns(self) -> &'static [&'static str] {
        match self {
            Self::Info => &["", "/"],
            Self::Protocol(endpoint) => endpoint.paths(),
            Self::Page(page) => page.patterns(),
        }
    }
}

/// The route of a page, without its parameters: what is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageRoute {
    /// See [`Page::Login`].
    Login,
    /// See [`Page::SelectAccount`].
    SelectAccount,
    /// See [`Page::Consent`].
    Consent,
    /// See [`Page::Device`].
    Device,
    /// See [`Page::DeviceConfirm`].
    DeviceConfirm,
    /// See [`Page::DeviceQr`].
    DeviceQr,
    /// See [`Page::LogoutConfirm`].
    LogoutConfirm,
    /// See [`Page::SignedOut`].
    SignedOut,
    /// See [`Page::Account`].
    Account,
    /// See [`Page::AccountPassword`].
    AccountPassword,
    /// See [`Page::AccountSessions`].
    AccountSessions,
    /// See [`Page::AccountApplications`].
    AccountApplications,
    /// See [`Page::ClientLogo`].
    ClientLogo,
    /// See [`Page::Picture`].
    Picture,
}

impl PageRoute {
    /// Every page's route.
    pub const ALL: &'static [Self] = &[
        Self::Login,
        Self::SelectAccount,
        Self::Consent,
        Self::Device,
        Self::DeviceConfirm,
        Self::DeviceQr,
        Self::LogoutConfirm,
        Self::SignedOut,
        Self::Account,
        Self::AccountPassword,
        Self::AccountSessions,
        Self::AccountApplications,
        Self::ClientLogo,
        Self::Picture,
    ];

    /// Its pattern below the realm's path.
    pub const fn pattern(self) -> &'static str {
        match self.patterns() {
            [first, ..] => first,
            [] => "",
        }
    }

    /// Its patterns below the realm's path, the one that we link to first.
    pub const fn patterns(self) -> &'static [&'static str] {
        match self {
            Self::Login => &["/login/{interaction}"],
            Self::SelectAccount => &["/login/{interaction}/account"],
            Self::Consent => &["/consent/{interaction}"],
            Self::Device => &["/device"],
            Self::DeviceConfirm => &["/device/confirm/{interaction}"],
            Self::DeviceQr => &["/device/qr"],
            Self::LogoutConfirm => &["/logout/confirm"],
            Self::SignedOut => &["/logout/done"],
            Self::Account => &["/account", "/account/"],
            Self::AccountPassword => &["/account/password"],
            Self::AccountSessions => &["/account/sessions"],
            Self::AccountApplications => &["/account/applications"],
            Self::ClientLogo => &["/clients/{client}/logo"],
            Self::Picture => &["/pictures/{picture}"],
        }
    }
}

/// A page of a realm, with what its address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Where a person signs in, as a step of an interaction.
    Login(InteractionId),
    /// Where a person chooses an account to go on with, as a step of an interaction.
    SelectAccount(InteractionId),
    /// Where a person allows an application to learn about them, as a step of an interaction.
    Consent(InteractionId),
    /// Where the code of a device is typed.
    Device,
    /// Where a person allows a device, as a step of an interaction.
    DeviceConfirm(InteractionId),
    /// The address with a device's code in it, as a picture.
    DeviceQr,
    /// Where a person is asked whether to sign out.
    LogoutConfirm,
    /// What is shown after sign-out when the application named no place to go.
    SignedOut,
    /// A person's own account: their profile.
    Account,
    /// Where they choose another password.
    AccountPassword,
    /// Where they see and end their sessions.
    AccountSessions,
    /// Where they see and take back what applications may do.
    AccountApplications,
    /// The logo of a client, as a picture.
    ClientLogo(ClientKey),
    /// A picture of the realm.
    Picture(AssetKind),
}

impl Page {
    /// The route that serves it.
    pub const fn route(self) -> PageRoute {
        match self {
            Self::Login(_) => PageRoute::Login,
            Self::SelectAccount(_) => PageRoute::SelectAccount,
            Self::Consent(_) => PageRoute::Consent,
            Self::Device => PageRoute::Device,
            Self::DeviceConfirm(_) => PageRoute::DeviceConfirm,
            Self::DeviceQr => PageRoute::DeviceQr,
            Self::LogoutConfirm => PageRoute::LogoutConfirm,
            Self::SignedOut => PageRoute::SignedOut,
            Self::Account => PageRoute::Account,
            Self::AccountPassword => PageRoute::AccountPassword,
            Self::AccountSessions => PageRoute::AccountSessions,
            Self::AccountApplications => PageRoute::AccountApplications,
            Self::ClientLogo(_) => PageRoute::ClientLogo,
            Self::Picture(_) => PageRoute::Picture,
        }
    }

    /// Its path below the realm's.
    pub fn path(self) -> String {
        let pattern = self.route().pattern();
        match self {
            Self::Login(interaction)
            | Self::SelectAccount(interaction)
            | Self::Consent(interaction)
            | Self::DeviceConfirm(interaction) => pattern.replace("{interaction}", &interaction.to_string()),
            Self::ClientLogo(client) => pattern.replace("{client}", &client.to_string()),
            Self::Picture(kind) => pattern.replace("{picture}", kind.as_str()),
            Self::Device
            | Self::DeviceQr
            | Self::LogoutConfirm
            | Self::SignedOut
            | Self::Account
            | Self::AccountPassword
            | Self::AccountSessions
            | Self::AccountApplications => pattern.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palatine_domain::ids::RowId;
    use std::collections::HashSet;
    use uuid::Uuid;

    #[test]
    fn no_two_routes_share_a_pattern() {
        let mut seen = HashSet::new();
        for route in RealmRoute::all() {
            for pattern in route.patterns() {
                assert!(seen.insert(*pattern), "{pattern}");
                assert!(pattern.is_empty() || pattern.starts_with('/'), "{pattern}");
            }
        }
    }

    #[test]
    fn a_page_s_path_has_the_shape_of_its_pattern() {
        let id = InteractionId::from_uuid(Uuid::from_u128(7));
        let steps = [Page::Login(id), Page::SelectAccount(id), Page::Consent(id), Page::DeviceConfirm(id)];
        for page in steps.into_iter().chain([Page::Device, Page::DeviceQr, Page::LogoutConfirm, Page::SignedOut]) {
            let pattern = page.route().pattern();
            assert_eq!(page.path(), pattern.replace(&format!("{{{INTERACTION_PARAMETER}}}"), &id.to_string()));
            assert!(!page.path().contains(['{', '}']));
        }
        let client = ClientKey::from_uuid(Uuid::from_u128(7));
        assert_eq!(Page::ClientLogo(client).path(), format!("/clients/{client}/logo"));
        assert_eq!(Page::Picture(AssetKind::Favicon).path(), "/pictures/favicon");
        assert!(PageRoute::Picture.pattern().contains(&format!("{{{PICTURE_PARAMETER}}}")));
        assert!(PageRoute::ClientLogo.pattern().contains(&format!("{{{CLIENT_PARAMETER}}}")));
    }

    #[test]
    fn the_realm_s_pattern_names_its_parameter() {
        assert_eq!(REALM_PATTERN, format!("{REALMS}/{{{REALM_PARAMETER}}}"));
    }
}
