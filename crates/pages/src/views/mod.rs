//! One struct per page: what it shows is its fields, how it shows it is its template.
//!
//! Views borrow what they show; texts may come from anywhere, since every value is escaped. `render` gives the whole
//! document, to be sent as `text/html; charset=utf-8` with `Cache-Control: no-store`.

mod account;
mod consent;
mod dev;
mod device;
mod error;
mod form_post;
mod login;
mod logout;
mod moment;
mod select_account;

pub use account::{
    AccountApplicationsPage, AccountFrame, AccountNotice, AccountPasswordPage, AccountPaths, AccountProfilePage,
    AccountSection, AccountSessionsPage, AllowedScope, ApplicationShown, CustomInput, CustomInputKind, PasswordTrouble,
    ProfileInput, ProfileTrouble, SessionShown,
};
pub use consent::{ConsentPage, RequestedScope, ScopeChoice};
pub use dev::{DevClient, DevDocument, DevRealm, DevResultPage, DevStartPage, DevToken, DevUser, Outcome, Verdict};
pub use device::{DeviceConfirmPage, DeviceDonePage, DeviceEnd, DevicePage, DeviceProblem};
pub use error::{Detail, ErrorKind, ErrorPage};
pub use form_post::FormPostPage;
pub use login::{ApplicationLinks, Destination, LoginPage, LoginProblem, RememberMe};
pub use logout::{BackLink, LogoutConfirmPage, LogoutFramesPage, SignedOutPage};
pub use moment::Moment;
pub use select_account::SelectAccountPage;

macro_rules! rendered {
    ($($view:ident),+ $(,)?) => {$(
        impl $view<'_> {
            /// The whole HTML document.
            pub fn render(&self) -> String {
                finished(askama::Template::render(self))
            }
        }
    )+};
}

rendered!(
    AccountApplicationsPage,
    AccountPasswordPage,
    AccountProfilePage,
    AccountSessionsPage,
    DeviceConfirmPage,
    DeviceDonePage,
    DevicePage,
    ConsentPage,
    ErrorPage,
    FormPostPage,
    LoginPage,
    LogoutConfirmPage,
    LogoutFramesPage,
    SelectAccountPage,
    SignedOutPage,
);

/// Writing into a string fails only if a value's own `Display` does, and ours do not. Were it to happen all the same,
/// the visitor gets a page without a word of what was inside.
fn finished(rendered: askama::Result<String>) -> String {
    rendered.unwrap_or_else(|_| {
        "<!doctype html><html lang=\"en\"><title>Error</title><p>This page could not be shown. Please try again.</p></html>"
            .to_owned()
    })
}
