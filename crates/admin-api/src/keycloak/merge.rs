//! One realm out of several files: `acme-realm.json` and `acme-users-0.json`, `acme-users-1.json`, …

use serde_json::{Map, Value};

use super::ExportError;

/// What such a file of users holds beside the realm's name.
const OF_USERS: [&str; 2] = ["users", "federatedUsers"];

/// The realm's export, with the users of all files.
pub(super) fn merged(files: &[&str]) -> Result<Map<String, Value>, ExportError> {
    let mut name: Option<String> = None;
    let mut realm: Option<Map<String, Value>> = None;
    let mut lists = OF_USERS.map(|key| (key, Vec::new()));
    for file in files {
        let mut export = read(file)?;
        same_realm(&mut name, &export)?;
        for (key, list) in &mut lists {
            // What is no list stays where it is, and is reported.
            if export.get(*key).is_some_and(Value::is_array)
                && let Some(Value::Array(mut users)) = export.remove(*key)
            {
                list.append(&mut users);
            }
        }
        let describes_the_realm = export.len() > 1;
        match &realm {
            Some(_) if !describes_the_realm => {}
            Some(before) if before.len() > 1 => {
                return Err(ExportError::NotAnExport("two of the files describe the realm itself"));
            }
            Some(_) | None => realm = Some(export),
        }
    }
    let mut realm = realm.ok_or(ExportError::NotAnExport("there is no file"))?;
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        realm.insert(key.to_owned(), Value::Array(list));
    }
    Ok(realm)
}

fn same_realm(name: &mut Option<String>, export: &Map<String, Value>) -> Result<(), ExportError> {
    let Some(Value::String(realm)) = export.get("realm") else {
        return Err(ExportError::NotAnExport("it has no member `realm`"));
    };
    let first = name.get_or_insert_with(|| realm.clone());
    if first == realm { Ok(()) } else { Err(ExportError::SeveralRealms { first: first.clone(), other: realm.clone() }) }
}

fn read(file: &str) -> Result<Map<String, Value>, ExportError> {
    match serde_json::from_str(file)? {
        Value::Object(export) => Ok(export),
        // `kc.sh export` of all realms into one file.
        Value::Array(mut realms) if realms.len() == 1 => match realms.pop() {
            Some(Value::Object(export)) => Ok(export),
            _ => Err(ExportError::NotAnExport("it is a list of something else than a realm")),
        },
        Value::Array(_) => Err(ExportError::NotAnExport("it is a list of realms; write each into a file of its own")),
        _ => Err(ExportError::NotAnExport("it is no JSON object")),
    }
}
