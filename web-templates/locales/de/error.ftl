error-request_id-label = Anfrage-ID
error-details-label = Einzelheiten
error-start_again-label = Neu beginnen
error-retry-seconds = { $count ->
    [one] Versuchen Sie es in { $count } Sekunde erneut.
   *[other] Versuchen Sie es in { $count } Sekunden erneut.
}
error-retry-minutes = { $count ->
    [one] Versuchen Sie es in { $count } Minute erneut.
   *[other] Versuchen Sie es in { $count } Minuten erneut.
}

error-unknown_realm-title = Diese Anmeldeseite gibt es nicht
error-unknown_realm-what = Unter dieser Adresse gibt es keinen Realm.
error-unknown_realm-next = Prüfen Sie die Adresse, oder melden Sie sich von der Anwendung aus an.

error-suspended_realm-title = Die Anmeldung ist ausgesetzt
error-suspended_realm-what = Dieser Realm ist gesperrt; zurzeit kann sich hier niemand anmelden.
error-suspended_realm-next = Fragen Sie Ihre Administration, wann er wieder verfügbar ist.

error-not_found-title = Seite nicht gefunden
error-not_found-what = Unter dieser Adresse gibt es nichts.
error-not_found-next = Prüfen Sie die Adresse, oder gehen Sie zurück zur Anwendung.

error-method_not_allowed-title = So lässt sich diese Seite nicht verwenden
error-method_not_allowed-what = Die Adresse gibt es, aber nicht für diese Art von Anfrage.
error-method_not_allowed-next = Gehen Sie zurück zur Anwendung und beginnen Sie neu.

error-invalid_request-title = Die Anfrage war nicht lesbar
error-invalid_request-what = Etwas in der Anfrage ist fehlerhaft oder wurde doppelt gesendet.
error-invalid_request-next = Gehen Sie zurück zur Anwendung und beginnen Sie neu. Passiert es wieder, wenden Sie sich an deren Entwickler.

error-missing_client-title = Fehlender Parameter: client_id
error-missing_client-what = Die Anwendung hat nicht angegeben, welche Anwendung sie ist.
error-missing_client-next = Gehen Sie zurück zur Anwendung. Passiert es wieder, wenden Sie sich an deren Entwickler.

error-unknown_client-title = Unbekannte Anwendung
error-unknown_client-what = Die Anwendung, von der Sie kommen, ist nicht registriert oder ausgeschaltet.
error-unknown_client-next = Gehen Sie zurück zur Anwendung. Passiert es wieder, wenden Sie sich an deren Entwickler: client_id prüfen.

error-invalid_redirect_uri-title = Ungültiger Parameter: redirect_uri
error-invalid_redirect_uri-what = Die Anwendung will Sie an eine Adresse zurückschicken, die für sie nicht registriert ist; deshalb geht es hier nicht weiter.
error-invalid_redirect_uri-next = Sie müssen nichts tun. Für die Entwickler der Anwendung: redirect_uri muss genau einer der registrierten Adressen entsprechen.

error-invalid_post_logout_redirect_uri-title = Ungültiger Parameter: post_logout_redirect_uri
error-invalid_post_logout_redirect_uri-what = Die Anwendung will Sie an eine Adresse schicken, die für sie nicht registriert ist; deshalb geht es hier nicht weiter.
error-invalid_post_logout_redirect_uri-next = Für die Entwickler der Anwendung: post_logout_redirect_uri muss genau einer der registrierten Adressen entsprechen.

error-expired_interaction-title = Diese Anmeldung ist abgelaufen
error-expired_interaction-what = Sie hat zu lange gedauert oder wurde in einem anderen Browser begonnen.
error-expired_interaction-next = Gehen Sie zurück zur Anwendung und melden Sie sich erneut an.

error-expired_device-title = Dieser Code gilt nicht mehr
error-expired_device-what = Der Code des Geräts ist abgelaufen oder wurde schon verwendet.
error-expired_device-next = Beginnen Sie am Gerät von vorn: es zeigt einen neuen Code.

error-already_done-title = Dieser Schritt ist schon erledigt
error-already_done-what = Das Formular wurde zweimal gesendet oder stammt von einer älteren Seite.
error-already_done-next = Gehen Sie zurück zur Anwendung. Sind Sie dort nicht angemeldet, melden Sie sich erneut an.

error-stale_form-title = Dieses Formular ist veraltet
error-stale_form-what = Sie haben sich inzwischen an- oder abgemeldet, vielleicht in einem anderen Tab.
error-stale_form-next = Gehen Sie zurück, laden Sie die Seite neu und senden Sie das Formular noch einmal. Es wurde nichts geändert.

error-foreign_form-title = Das Formular kam von einer anderen Website
error-foreign_form-what = Zum Schutz Ihres Kontos nehmen wir nur Formulare von unseren eigenen Seiten an.
error-foreign_form-next = Öffnen Sie die Seite hier und senden Sie das Formular noch einmal. Es wurde nichts geändert.

error-cookies_off-title = Cookies sind ausgeschaltet
error-cookies_off-what = Ihr Browser hat unser Cookie nicht zurückgesendet; so wissen wir nicht, ob es Ihre Anmeldung ist.
error-cookies_off-next = Erlauben Sie Cookies für diese Website, gehen Sie zurück zur Anwendung und melden Sie sich erneut an.

error-access_denied-title = Das dürfen Sie nicht
error-access_denied-what = Ihr Konto hat nicht das Recht dazu.
error-access_denied-next = Wenden Sie sich an Ihre Administration, wenn es dieses Recht haben sollte.

error-too_many_requests-title = Zu viele Anfragen
error-too_many_requests-what = Aus Ihrem Netz gab es in kurzer Zeit zu viele Anfragen.
error-too_many_requests-next = Bitte warten Sie ein wenig.

error-payload_too_large-title = Die Anfrage ist zu groß
error-payload_too_large-what = Es wurde mehr gesendet, als diese Seite annimmt.
error-payload_too_large-next = Gehen Sie zurück zur Anwendung und beginnen Sie neu.

error-unsupported_media_type-title = Die Anfrage hat das falsche Format
error-unsupported_media_type-what = Diese Adresse nimmt nur Formulare an.
error-unsupported_media_type-next = Gehen Sie zurück zur Anwendung. Passiert es wieder, wenden Sie sich an deren Entwickler.

error-misdirected_request-title = Das ist nicht der richtige Server
error-misdirected_request-what = Die Adresse, die Ihr Browser verwendet hat, gehört nicht zu diesem Server.
error-misdirected_request-next = Verwenden Sie die Adresse, die Ihnen die Administration oder die Startmeldung des Servers nennt.

error-server_error-title = Etwas ist schiefgegangen
error-server_error-what = Das war unser Fehler, nicht Ihrer. Es ging nichts verloren.
error-server_error-next = Bitte versuchen Sie es noch einmal. Passiert es wieder, nennen Sie Ihrer Administration die Anfrage-ID.

error-unavailable-title = Wir können gerade nicht antworten
error-unavailable-what = Ein Teil des Dienstes antwortet nicht.
error-unavailable-next = Es ging nichts verloren.
