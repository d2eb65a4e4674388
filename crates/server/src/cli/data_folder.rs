//! The folder of `palatine dev`: the database and the master key, made once, readable by their owner alone; used by one
//! process at a time.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_domain::{Ambient, SecretText};
use palatine_realm::MasterKeys;
use palatine_store::{Durability, StoreSettings};

use super::{StoreArgs, load, quiet};
use crate::config::{Config, Environment, Sources};
use crate::refusal::Refusal;

/// Sections that the folder decides, whatever the environment says.
pub(super) const DECIDED: [&str; 3] = ["database", "redis", "master_key"];

const DATABASE: &str = "palatine.db";
const MASTER_KEY: &str = "master.key";
const LOCK: &str = "palatine.lock";

/// What SQLite writes beside a database.
const BESIDE_DATABASE: [&str; 3] = ["", "-wal", "-shm"];

/// The folder of one `palatine dev`.
#[derive(Debug)]
pub(super) struct DataFolder(PathBuf);

/// That no other `palatine dev` uses the folder, for as long as this lives. The lock is the operating system's, which
/// releases it however the process ends.
#[derive(Debug)]
pub(super) struct FolderLock(#[expect(dead_code, reason = "the lock is held while the file is open")] File);

/// A master key, and whether its file has yet to be written.
pub(super) struct FolderKey {
    text: SecretText,
    is_new: bool,
    path: PathBuf,
}

impl DataFolder {
    /// Makes the folder if it is missing, sees that it can be written to, and takes it.
    pub(super) fn take(path: &Path) -> Result<(Self, FolderLock), Refusal> {
        let unusable = |error| Refusal::DataFolder { path: path.to_owned(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        // SQLite would say less clearly, and later, that nothing can be written here.
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path.join(LOCK));
        let lock = lock.map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Refusal::DataFolderInUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let folder = Self(path.to_owned());
        folder.hide_database().map_err(unusable)?;
        Ok((folder, FolderLock(lock)))
    }

    /// The folder may be one that others can look into. A new database is its owner's alone; so is an older one from now
    /// on.
    fn hide_database(&self) -> std::io::Result<()> {
        for suffix in BESIDE_DATABASE {
            let file = self.0.join(format!("{DATABASE}{suffix}"));
            match std::fs::set_permissions(&file, Permissions::from_mode(0o600)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// A folder that was prepared before.
    fn existing(path: &Path) -> Result<Self, Refusal> {
        match std::fs::metadata(path.join(DATABASE)) {
            Ok(_) => Ok(Self(path.to_owned())),
            Err(error) => Err(Refusal::DataFolder { path: path.to_owned(), error }),
        }
    }

    /// The database in it.
    pub(super) fn database(&self, settings: StoreSettings) -> StoreSettings {
        let url = format!("sqlite://{}", self.0.join(DATABASE).display());
        StoreSettings { url: SecretText::new(url), durability: Durability::Normal, ..settings }
    }

    /// The key in it, or a new one, which is not written before [`FolderKey::keep`]: what the database was sealed with
    /// has to be looked at first.
    pub(super) fn master_key(&self, ambient: &Ambient) -> Result<FolderKey, Refusal> {
        let path = self.0.join(MASTER_KEY);
        match std::fs::read_to_string(&path) {
            Ok(text) => match MasterKeys::parse([text.as_str()]) {
                Ok(_) => Ok(FolderKey { text: SecretText::new(text), is_new: false, path }),
                Err(error) => Err(Refusal::MasterKeyFile { path, error }),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let text = SecretText::new(STANDARD.encode(ambient.bytes::<32>()));
                Ok(FolderKey { text, is_new: true, path })
            }
            Err(error) => Err(Refusal::File { path, verb: "read", error }),
        }
    }
}

impl FolderKey {
    /// The key in base64.
    pub(super) fn text(&self) -> SecretText {
        self.text.clone()
    }

    /// Where it is, or will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a new key down, before anything is sealed with it. Never replaces a file.
    pub(super) fn keep(&self) -> Result<(), Refusal> {
        if !self.is_new {
            return Ok(());
        }
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)?;
            writeln!(file, "{}", self.text.expose())?;
            file.sync_all()
        };
        write().map_err(|error| Refusal::File { path: self.path.clone(), verb: "written", error })
    }
}

/// The configuration of a command that works on one database: a folder's, or that of a file and the environment.
pub(super) fn config_of(args: &StoreArgs) -> Result<Config, Refusal> {
    let Some(path) = &args.data_dir else { return load(args.config.clone(), Vec::new()).map(quiet) };
    let folder = DataFolder::existing(path)?;
    let (environment, _) = Environment::of_process().without_sections(&DECIDED);
    let mut config = Config::load(Sources { environment, ..Sources::default() })?;
    config.database = folder.database(config.database);
    Ok(quiet(config))
}

/// The same, with the master key: for a command that opens what is sealed.
pub(super) fn keyed_config_of(args: &StoreArgs) -> Result<Config, Refusal> {
    let mut config = config_of(args)?;
    if let Some(path) = &args.data_dir {
        let key = DataFolder::existing(path)?.master_key(&Ambient::system())?;
        config.master_key.key = Some(key.text());
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_and_the_key_are_for_their_owner_alone_and_the_key_is_made_once() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/data");
        let (folder, lock) = DataFolder::take(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        let key = folder.master_key(&Ambient::system()).unwrap();
        assert!(!key.path().exists());
        key.keep().unwrap();
        assert_eq!(mode(key.path()), 0o600);
        drop(lock);
        let again = DataFolder::take(&path).unwrap().0.master_key(&Ambient::system()).unwrap();
        assert_eq!(again.text().expose().trim(), key.text().expose());
        let mut files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, [MASTER_KEY, LOCK]);
    }

    #[test]
    fn a_folder_in_use_is_refused_and_taken_again_once_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let held = DataFolder::take(folder.path()).unwrap();
        let refusal = DataFolder::take(folder.path()).unwrap_err();
        assert!(matches!(refusal, Refusal::DataFolderInUse(_)), "{refusal}");
        drop(held);
        DataFolder::take(folder.path()).unwrap();
    }

    #[test]
    fn a_database_that_others_could_read_is_its_owners_alone_from_now_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let files = BESIDE_DATABASE.map(|suffix| folder.path().join(format!("{DATABASE}{suffix}")));
        for file in &files {
            std::fs::write(file, "").unwrap();
            std::fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
        }
        let _held = DataFolder::take(folder.path()).unwrap();
        assert_eq!(files.map(|file| mode(&file)), [0o600; 3]);
        assert_eq!(mode(folder.path()), 0o755, "the folder is its owner's matter");
    }

    #[test]
    fn a_folder_that_cannot_be_one_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refusal = DataFolder::take(&file).unwrap_err().to_string();
        assert!(refusal.starts_with(&format!("the data folder {} cannot be used: ", file.display())), "{refusal}");
        assert!(refusal.ends_with("give one that you may write to with --data-dir"));
        assert!(matches!(DataFolder::existing(parent.path()), Err(Refusal::DataFolder { .. })));
    }

    #[test]
    fn a_key_file_that_holds_none_is_refused_and_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, _lock) = DataFolder::take(parent.path()).unwrap();
        std::fs::write(parent.path().join(MASTER_KEY), "not a key").unwrap();
        let Err(refusal) = folder.master_key(&Ambient::system()) else { panic!() };
        assert!(refusal.to_string().contains("does not hold a master key"), "{refusal}");
        assert_eq!(std::fs::read_to_string(parent.path().join(MASTER_KEY)).unwrap(), "not a key");
    }
}
