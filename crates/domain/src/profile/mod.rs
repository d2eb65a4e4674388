//! What a person may change of their own profile: the standard claims that nobody else vouches for, and the custom
//! fields that the realm gave them to write.
//!
//! A value is checked where it is typed, and only if it was changed: what an admin or an import stored stays as it is.

mod edit;
mod value;

pub use edit::{EditedProfile, FieldProblem, ProfileEdit, RefusedProfile, TypedProfile};
pub use value::{LONGEST_TEXT_CHARS, LONGEST_URL_CHARS, ProfileProblem, time_zones};

use std::collections::BTreeMap;

use crate::user::UserProfile;

/// A field of the profile that a person may change (OpenID Connect Core, sections 5.1 and 5.1.1).
///
/// The name and the address to sign in with are not among them, nor what is said to be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProfileField {
    /// Full name.
    Name,
    /// First name.
    GivenName,
    /// Middle name.
    MiddleName,
    /// Last name.
    FamilyName,
    /// Casual name.
    Nickname,
    /// Birthday.
    Birthdate,
    /// Gender.
    Gender,
    /// Language tag.
    Locale,
    /// Time zone.
    Zoneinfo,
    /// Telephone number.
    PhoneNumber,
    /// URL of a web page.
    Website,
    /// URL of the profile page.
    Profile,
    /// URL of the picture.
    Picture,
    /// Street and number, perhaps on several lines.
    StreetAddress,
    /// Town.
    Locality,
    /// State, province, region.
    Region,
    /// Postal code.
    PostalCode,
    /// Country.
    Country,
}

impl ProfileField {
    /// Every field, in the order in which a form shows them.
    pub const ALL: [Self; 18] = [
        Self::Name,
        Self::GivenName,
        Self::MiddleName,
        Self::FamilyName,
        Self::Nickname,
        Self::Birthdate,
        Self::Gender,
        Self::Locale,
        Self::Zoneinfo,
        Self::PhoneNumber,
        Self::Website,
        Self::Profile,
        Self::Picture,
        Self::StreetAddress,
        Self::PostalCode,
        Self::Locality,
        Self::Region,
        Self::Country,
    ];

    /// The claim that carries it, or the member of the claim `address`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::GivenName => "given_name",
            Self::MiddleName => "middle_name",
            Self::FamilyName => "family_name",
            Self::Nickname => "nickname",
            Self::Birthdate => "birthdate",
            Self::Gender => "gender",
            Self::Locale => "locale",
            Self::Zoneinfo => "zoneinfo",
            Self::PhoneNumber => "phone_number",
            Self::Website => "website",
            Self::Profile => "profile",
            Self::Picture => "picture",
            Self::StreetAddress => "street_address",
            Self::Locality => "locality",
            Self::Region => "region",
            Self::PostalCode => "postal_code",
            Self::Country => "country",
        }
    }

    /// What a profile has in it.
    pub fn of(self, profile: &UserProfile) -> Option<&str> {
        let claim = match self {
            Self::Name => &profile.name,
            Self::GivenName => &profile.given_name,
            Self::MiddleName => &profile.middle_name,
            Self::FamilyName => &profile.family_name,
            Self::Nickname => &profile.nickname,
            Self::Birthdate => &profile.birthdate,
            Self::Gender => &profile.gender,
            Self::Locale => &profile.locale,
            Self::Zoneinfo => &profile.zoneinfo,
            Self::PhoneNumber => &profile.phone_number,
            Self::Website => &profile.website,
            Self::Profile => &profile.profile,
            Self::Picture => &profile.picture,
            Self::StreetAddress | Self::Locality | Self::Region | Self::PostalCode | Self::Country => {
                return profile.address.as_ref()?.get(self.as_str()).map(String::as_str);
            }
        };
        claim.as_deref()
    }

    /// Writes a checked value. A number that nobody has verified is not a verified one, and an address of which a part
    /// changed is no longer the one that was written out in full.
    fn write(self, profile: &mut UserProfile, value: Option<String>) {
        let claim = match self {
            Self::Name => &mut profile.name,
            Self::GivenName => &mut profile.given_name,
            Self::MiddleName => &mut profile.middle_name,
            Self::FamilyName => &mut profile.family_name,
            Self::Nickname => &mut profile.nickname,
            Self::Birthdate => &mut profile.birthdate,
            Self::Gender => &mut profile.gender,
            Self::Locale => &mut profile.locale,
            Self::Zoneinfo => &mut profile.zoneinfo,
            Self::Website => &mut profile.website,
            Self::Profile => &mut profile.profile,
            Self::Picture => &mut profile.picture,
            Self::PhoneNumber => {
                profile.phone_number_verified = None;
                &mut profile.phone_number
            }
            Self::StreetAddress | Self::Locality | Self::Region | Self::PostalCode | Self::Country => {
                return write_address(profile, self.as_str(), value);
            }
        };
        *claim = value;
    }
}

fn write_address(profile: &mut UserProfile, member: &str, value: Option<String>) {
    let mut address: BTreeMap<String, String> = profile.address.take().unwrap_or_default();
    address.remove("formatted");
    match value {
        Some(value) => address.insert(member.to_owned(), value),
        None => address.remove(member),
    };
    profile.address = (!address.is_empty()).then_some(address);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read_where_it_was_written() {
        for field in ProfileField::ALL {
            let mut profile = UserProfile::default();
            field.write(&mut profile, Some("x".to_owned()));
            assert_eq!(field.of(&profile), Some("x"), "{field:?}");
            let others = ProfileField::ALL.into_iter().filter(|other| *other != field);
            assert!(others.into_iter().all(|other| other.of(&profile).is_none()), "{field:?}");
            field.write(&mut profile, None);
            assert_eq!(profile, UserProfile::default(), "{field:?}");
        }
    }

    #[test]
    fn a_new_number_is_not_a_verified_one() {
        let mut profile = UserProfile { phone_number_verified: Some(true), ..UserProfile::default() };
        ProfileField::PhoneNumber.write(&mut profile, Some("+4930123456".to_owned()));
        assert_eq!(profile.phone_number_verified, None);
    }

    #[test]
    fn a_changed_address_is_not_the_one_written_out_in_full() {
        let member = |name: &str| (name.to_owned(), "old".to_owned());
        let address = BTreeMap::from([member("formatted"), member("locality")]);
        let mut profile = UserProfile { address: Some(address), ..UserProfile::default() };
        ProfileField::Country.write(&mut profile, Some("Norway".to_owned()));
        let address = profile.address.unwrap();
        assert_eq!(address.keys().collect::<Vec<_>>(), ["country", "locality"]);
    }
}
