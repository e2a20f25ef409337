/* SPDX-License-Identifier: Apache-2.0 */
/* texts.c - the command's texts in French, sorted by the English ones (strcmp). */
#include "sdk/cli/texts.h"

const struct text_pair cli_texts[] = {
    {"\n'tenon COMMAND --help' tells more, with examples.\n",
     "\n« tenon COMMANDE --help » en dit plus, avec des exemples.\n"},
    {"  and %u more\n", "  et %u de plus\n"},
    {"\"detect\", \"utf-8\" or \"windows-1252\"", "« detect », « utf-8 » ou « windows-1252 »"},
    {"\"refuse\", \"keep\" or \"empty\"", "« refuse », « keep » ou « empty »"},
    {"\"skip\" or \"refuse\"", "« skip » ou « refuse »"},
    {"\"skip\", \"clear\" or \"refuse\"", "« skip », « clear » ou « refuse »"},
    {"%llu blobs, %llu of them without a name; %llu files without a blob.\n",
     "%llu blobs, dont %llu que rien ne désigne ; %llu fichiers sans blob.\n"},
    {"%llu done, %llu failed again, %llu left as they were.\n",
     "%llu pris, %llu en échec à nouveau, %llu laissés tels quels.\n"},
    {"%llu dropped.\n", "%llu abandonnés.\n"},
    {"%llu portals, %llu findings.\n", "%llu portails, %llu anomalies.\n"},
    {"%llu rows: %llu created, %llu updated, %llu unchanged, %llu refused\n",
     "%llu lignes : %llu créées, %llu modifiées, %llu inchangées, %llu refusées\n"},
    {"%s %s replaces %s.\n", "%s %s remplace %s.\n"},
    {"%s has no association or reference '%s'.", "%s n'a ni association ni référence « %s »."},
    {"%s has no unique property '%s' to be the key.",
     "%s n'a pas de propriété unique « %s » qui puisse servir de clé."},
    {"%s is made. Build it, and run its test in a host:\n  cmake -S %s -B %s/build && cmake "
     "--build %s/build && ctest --test-dir %s/build\n",
     "%s est créé. Construisez-le et lancez son test dans un hôte :\n  cmake -S %s -B %s/build && "
     "cmake --build %s/build && ctest --test-dir %s/build\n"},
    {"%s%s has no association '%s'.", "%s%s n'a pas d'association « %s »."},
    {"%s%s has no property '%s'.", "%s%s n'a pas de propriété « %s »."},
    {"%s: %s has no such field.", "%s : %s n'a pas ce champ."},
    {"%s: %s has no value '%s'.", "%s : %s n'a pas de valeur « %s »."},
    {"%s: does not fit into %s.", "%s : ne tient pas dans %s."},
    {"%s: expected %s, found %s.", "%s : %s attendu, %s trouvé."},
    {"%s: is nested more than %d deep.", "%s : est imbriqué sur plus de %d niveaux."},
    {"%s: is not base64.", "%s : n'est pas en base64."},
    {"%s: is the field '%s', which is given too.",
     "%s : est le champ « %s », qui est donné aussi."},
    {"%s: is too large for a mapping.", "%s : est trop grand pour une correspondance."},
    {"%s: only one of '%s' and '%s' may be given.",
     "%s : un seul de « %s » et « %s » peut être donné."},
    {"%s: tables are nested more than %d deep.",
     "%s : des tables sont imbriquées sur plus de %d niveaux."},
    {"%s:%u: %s", "%s:%u : %s"},
    {"%s:%u: '%s' must be %s.", "%s:%u : « %s » doit être %s."},
    {"%s:%u: a step is \"trim\", \"lower\", \"upper\", or a table with 'date', 'decimal', 'split', "
     "'replace' or 'lookup'.",
     "%s:%u : une étape est « trim », « lower », « upper », ou une table avec « date », « decimal "
     "», « split », « replace » ou « lookup »."},
    {"%s:%u: exactly one of 'from', 'template' and 'value' is needed.",
     "%s:%u : il faut un seul de « from », « template » et « value »."},
    {"%s:%u: the file has no column '%s'.", "%s:%u : le fichier n'a pas de colonne « %s »."},
    {"%s:%u: the key '%s' is missing.", "%s:%u : la clé « %s » manque."},
    {"%s:%u: there are more than %d targets.", "%s:%u : il y a plus de %d cibles."},
    {"%s:%u: there is no key '%s' here.", "%s:%u : il n'y a pas de clé « %s » ici."},
    {"%s:%u: there is no table [lookups.%s].", "%s:%u : il n'y a pas de table [lookups.%s]."},
    {"%s:1: nothing is mapped: [[properties]] is missing.",
     "%s:1 : rien n'est mis en correspondance : [[properties]] manque."},
    {"%sthe property '%s' cannot be written.", "%sla propriété « %s » ne peut pas être écrite."},
    {"%sthe property '%s' is mapped twice.", "%sla propriété « %s » est remplie deux fois."},
    {"%sthe property '%s' is no reference.", "%sla propriété « %s » n'est pas une référence."},
    {"'%.*s' is no number.", "« %.*s » n'est pas un nombre."},
    {"'%.*s' is not in the lookup table.", "« %.*s » n'est pas dans la table de conversion."},
    {"'%.*s' is not of the form %s.", "« %.*s » n'est pas de la forme %s."},
    {"'%s' cannot be opened: %s.", "« %s » ne peut pas être ouvert : %s."},
    {"'%s' cannot be run: %s. It comes with the files for authors of plugins.",
     "« %s » ne peut pas être lancé : %s. Il vient avec les fichiers pour auteurs de modules."},
    {"'%s' cannot be written: %s.", "« %s » ne peut pas être écrit : %s."},
    {"'%s' is empty.", "« %s » est vide."},
    {"'%s' is no URL of a host: use ipc://PATH or tcp://HOST:PORT.",
     "« %s » n'est pas l'URL d'un hôte : utilisez ipc://CHEMIN ou tcp://HÔTE:PORT."},
    {"'%s' is no file.", "« %s » n'est pas un fichier."},
    {"'%s' is no filter: use NAME=VALUE, !=, <, <=, >, >=, NAME or !NAME.",
     "« %s » n'est pas un filtre : utilisez NOM=VALEUR, !=, <, <=, >, >=, NOM ou !NOM."},
    {"'%s' is no kind: use data, code or cpp.",
     "« %s » n'est pas un genre : utilisez data, code ou cpp."},
    {"'%s' is no method.", "« %s » n'est pas une méthode."},
    {"'%s' is no name: use lower case letters, digits and _, 40 at most.",
     "« %s » n'est pas un nom : utilisez des minuscules, des chiffres et _, 40 au plus."},
    {"'%s' is no readable file of certificates in PEM.",
     "« %s » n'est pas un fichier lisible de certificats en PEM."},
    {"'%s' is not of the form ASSOCIATION=COLUMN:PROPERTY.",
     "« %s » n'est pas de la forme ASSOCIATION=COLONNE:PROPRIÉTÉ."},
    {"'%s' is not of the form NAME:PROPERTY.", "« %s » n'est pas de la forme NOM:PROPRIÉTÉ."},
    {"'%s' is too large for a plugin.", "« %s » est trop grand pour un module."},
    {"'%s' is too long.", "« %s » est trop long."},
    {"--after takes a number", "--after attend un nombre"},
    {"--expires takes a life such as 90d or 12h, or a day such as 2030-01-31",
     "--expires attend une durée comme 90d ou 12h, ou un jour comme 2030-01-31"},
    {"--links and --reference take NAME:PROPERTY, 16 times at most",
     "--links et --reference attendent NOM:PROPRIÉTÉ, 16 fois au plus"},
    {"--now takes a day such as 2024-05-01", "--now attend un jour comme 2024-05-01"},
    {"--resume takes an import's number", "--resume attend le numéro d'un import"},
    {"--seed takes a number", "--seed attend un nombre"},
    {"90d, 12h or 2030-01-31; else never", "90d, 12h ou 2030-01-31 ; sinon jamais"},
    {"A filter is NAME=VALUE, or !=, <, <=, >, >= in place of =; NAME alone asks for any value, "
     "!NAME for none. What is written with --links and --reference, an import reads back without a "
     "mapping, so that records can move to another portal with their links.\n\nExamples:\n  tenon "
     "export contacts > contacts.csv\n  tenon export deals --filter 'amount>=10000' --properties "
     "dealname,amount\n  tenon export deals --links deal_to_company:domain \\\n    --reference "
     "hubspot_owner_id:email",
     "Un filtre est NOM=VALEUR, ou !=, <, <=, >, >= à la place de = ; NOM seul demande une valeur "
     "quelconque, !NOM aucune. Ce qui est écrit avec --links et --reference, un import le relit "
     "sans correspondance : des fiches passent ainsi dans un autre portail avec leurs "
     "liens.\n\nExemples :\n  tenon export contacts > contacts.csv\n  tenon export deals --filter "
     "'amount>=10000' --properties dealname,amount\n  tenon export deals --links "
     "deal_to_company:domain \\\n    --reference hubspot_owner_id:email"},
    {"A line begins with the change's number: give it to --after to go on from there. A lost "
     "connection is made again and nothing is left out.\n\nExamples:\n  tenon watch deals\n  tenon "
     "watch --after 0 --json",
     "Une ligne commence par le numéro du changement : donnez-le à --after pour reprendre de là. "
     "Une connexion perdue est rétablie et rien n'est omis.\n\nExemples :\n  tenon watch deals\n  "
     "tenon watch --after 0 --json"},
    {"A name with a dot is a method or a message, one without is an object type.\n\nExamples:\n  "
     "tenon describe contacts\n  tenon describe tenon.records.v1.Records/Create\n  tenon describe "
     "tenon.records.v1.Value",
     "Un nom avec un point est une méthode ou un message, un nom sans point un type "
     "d'objet.\n\nExemples :\n  tenon describe contacts\n  tenon describe "
     "tenon.records.v1.Records/Create\n  tenon describe tenon.records.v1.Value"},
    {"A quote stands inside of a cell, or is not closed.",
     "Un guillemet se trouve dans une cellule, ou n'est pas fermé."},
    {"A token lets a program into one portal. It is shown once, when it is created; what the host "
     "keeps of it cannot be turned back into it. Revoked, it ends at the next call of whoever uses "
     "it.\n\nExamples:\n  tenon token create website --scope read,write --expires 90d\n  tenon "
     "token list --portal acme\n  tenon token revoke 7",
     "Un jeton laisse entrer un programme dans un portail. Il s'affiche une fois, à sa création ; "
     "ce que l'hôte en garde ne permet pas de le retrouver. Révoqué, il prend fin au prochain "
     "appel de qui s'en sert.\n\nExemples :\n  tenon token create website --scope read,write "
     "--expires 90d\n  tenon token list --portal acme\n  tenon token revoke 7"},
    {"Add a column with that property of the records linked",
     "Ajouter une colonne avec cette propriété des fiches liées"},
    {"And back", "Et en retour"},
    {"Another number makes other data", "Un autre nombre donne d'autres données"},
    {"Association", "Association"},
    {"At most", "Au plus"},
    {"Attempts", "Essais"},
    {"Begin behind this change, not with what happens now",
     "Commencer après ce changement, et non avec ce qui arrive maintenant"},
    {"Behind", "Retard"},
    {"COMMAND [ARGUMENT...]", "COMMANDE [ARGUMENT...]"},
    {"CSV, or JSON with one record a line", "CSV, ou JSON avec une fiche par ligne"},
    {"Call a method and print its answer as JSON; of a stream, one line for each message.",
     "Appeler une méthode et afficher sa réponse en JSON ; d'un flux, une ligne par message."},
    {"Calls are in the old one yet; it is unloaded after them.\n",
     "Des appels sont encore dans l'ancien ; il sera déchargé après eux.\n"},
    {"Change", "Changement"},
    {"Changes", "Changements"},
    {"Check as the user that runs the host.\n",
     "Vérifiez sous le compte qui fait tourner l'hôte.\n"},
    {"Commands:\n", "Commandes :\n"},
    {"Consumer", "Consommateur"},
    {"Create, list and revoke the tokens of a portal.",
     "Créer, lister et révoquer les jetons d'un portail."},
    {"Created (UTC)", "Créé (UTC)"},
    {"Created by", "Créé par"},
    {"Currency", "Devise"},
    {"Data", "Données"},
    {"Dead letters", "Lettres mortes"},
    {"Demo data: %llu created, %llu updated, %llu unchanged\n",
     "Données de démonstration : %llu créées, %llu modifiées, %llu inchangées\n"},
    {"Demo key", "Clé de démonstration"},
    {"Dry run, nothing was written. ", "Essai à blanc, rien n'a été écrit. "},
    {"Due (UTC)", "Échéance (UTC)"},
    {"Examples:\n  tenon methods\n  tenon methods tenon.records.v1.Records",
     "Exemples :\n  tenon methods\n  tenon methods tenon.records.v1.Records"},
    {"Examples:\n  tenon portal list\n  tenon portal create acme --title 'Acme SARL' --currency "
     "EUR\n  tenon portal update acme --portal-language fr",
     "Exemples :\n  tenon portal list\n  tenon portal create acme --title 'Acme SARL' --currency "
     "EUR\n  tenon portal update acme --portal-language fr"},
    {"Examples:\n  tenon status\n  tenon status --json\n  tenon status --metrics",
     "Exemples :\n  tenon status\n  tenon status --json\n  tenon status --metrics"},
    {"Examples:\n  tenon user list --portal acme\n  tenon user create ada@example.com --first-name "
     "Ada --team Sales",
     "Exemples :\n  tenon user list --portal acme\n  tenon user create ada@example.com "
     "--first-name Ada --team Sales"},
    {"Expires (UTC)", "Expire (UTC)"},
    {"FILE --type TYPE\nFILE --map MAPPING", "FICHIER --type TYPE\nFICHIER --map CORRESPONDANCE"},
    {"FILE is CSV with a header, in UTF-8 or Windows-1252, with commas, semicolons or tabs; - is "
     "standard input. Without a mapping, columns that are called as a property, or labelled so, "
     "fill it. The exit code is 1 when rows were refused; the others are in.\n\nExamples:\n  tenon "
     "import contacts.csv --type contacts --key email --dry-run\n  tenon import contacts.csv "
     "--type contacts --key email \\\n    --associate contact_to_company=Domain:domain\n  tenon "
     "import deals.csv --map deals.toml --errors refused.csv",
     "FICHIER est du CSV avec un en-tête, en UTF-8 ou Windows-1252, avec des virgules, des "
     "points-virgules ou des tabulations ; - est l'entrée standard. Sans correspondance, les "
     "colonnes qui portent le nom ou le libellé d'une propriété la remplissent. Le code de sortie "
     "est 1 quand des lignes ont été refusées ; les autres sont importées.\n\nExemples :\n  tenon "
     "import contacts.csv --type contacts --key email --dry-run\n  tenon import contacts.csv "
     "--type contacts --key email \\\n    --associate contact_to_company=Domain:domain\n  tenon "
     "import deals.csv --map deals.toml --errors refused.csv"},
    {"Failed (UTC)", "Échec (UTC)"},
    {"Fill a portal with two years of a made-up French company's data: firms, people, deals.",
     "Remplir un portail de deux ans de données d'une entreprise française inventée : sociétés, "
     "personnes, transactions."},
    {"First name", "Prénom"},
    {"Folder to make; else NAME", "Dossier à créer ; sinon NAME"},
    {"Found are: a table of which more is used than was declared, calls that are used after their "
     "end or on the wrong thread, memory, threads, files and handlers that are left behind, "
     "crashes and what does not return. The code runs: check only files that you trust. The exit "
     "code is 1 where there is a fault.\n\nExample:\n  tenon plugin check build/boats.so",
     "Sont trouvés : une table dont il est utilisé plus que déclaré, les appels utilisés après "
     "leur fin ou sur le mauvais thread, la mémoire, les threads, les fichiers et les "
     "gestionnaires laissés derrière, les plantages et ce qui ne revient pas. Le code s'exécute : "
     "ne vérifiez que des fichiers de confiance. Le code de sortie est 1 s'il y a une "
     "faute.\n\nExemple :\n  tenon plugin check build/boats.so"},
    {"From", "De"},
    {"Give the directory that the host was given, in which 'store' is.\n",
     "Donnez le dossier qui a été donné à l'hôte, celui où se trouve « store ».\n"},
    {"Give this help list", "Afficher cette aide"},
    {"Go on with an import that was interrupted", "Reprendre un import interrompu"},
    {"Import %llu is finished.", "L'import %llu est terminé."},
    {"Import %llu is of '%s' into %s.", "L'import %llu est celui de « %s » vers %s."},
    {"Inspecting reads the file's bytes and runs nothing of it, and says who claims to "
     "have signed it. Signing writes FILE.sig in place of an earlier one. These need no "
     "host, nor do 'new' and 'check'. These two and those that change what runs have "
     "options of their own.\n\nDead letters are changes and firings that a plugin did "
     "not take, however often they were tried, in the portal of --portal. To replay or "
     "drop them name the plugin, and its consumer or timer.\n\nExamples:\n  tenon "
     "plugin list\n  tenon plugin inspect build/lib/tenon/plugins/contacts.so\n  tenon "
     "plugin sign machines.so --key publisher.key\n  tenon plugin consumers\n  tenon "
     "plugin dead-letters org.example.machines --consumer account --replay",
     "L'inspection lit les octets du fichier et n'en exécute rien, et dit qui prétend "
     "l'avoir signé. Signer écrit FICHIER.sig à la place d'un précédent. Rien de cela "
     "n'a besoin d'hôte, pas plus que « new » et « check ». Ces deux-là et ceux qui "
     "changent ce qui tourne ont leurs propres options.\n\nLes lettres mortes sont des "
     "changements et des échéances qu'un module n'a pas pris, malgré tous les essais, "
     "dans le portail de --portal. Pour les rejouer ou les abandonner, nommez le "
     "module, et son consommateur ou sa minuterie.\n\nExemples :\n  tenon plugin list\n "
     " tenon plugin inspect build/lib/tenon/plugins/contacts.so\n  tenon plugin "
     "consumers\n  tenon plugin dead-letters org.example.machines --consumer account "
     "--replay"},
    {"Instead of the id in PROPERTY, write KEY of the record it names",
     "Au lieu de l'id dans PROPRIÉTÉ, écrire CLÉ de la fiche désignée"},
    {"It changes nothing, and says no while a host has the directory. The exit code is 1 if "
     "anything was found.\n\nExamples:\n  tenon check --data /var/lib/tenon\n  tenon check --data "
     "/var/lib/tenon --json",
     "Rien n'est changé, et c'est refusé tant qu'un hôte tient le dossier. Le code de sortie est 1 "
     "si quelque chose a été trouvé.\n\nExemples :\n  tenon check --data /var/lib/tenon\n  tenon "
     "check --data /var/lib/tenon --json"},
    {"It may be older than what it replaces", "Il peut être plus ancien que celui qu'il remplace"},
    {"It may use more of what others declare",
     "Il peut se servir davantage de ce que d'autres déclarent"},
    {"Kind", "Genre"},
    {"Label", "Libellé"},
    {"Language", "Langue"},
    {"Last name", "Nom"},
    {"Last tried (UTC)", "Dernier essai (UTC)"},
    {"Last used (UTC)", "Dernier usage (UTC)"},
    {"Line %llu: the row is longer than %u bytes; is a quote not closed?",
     "Ligne %llu : l'enregistrement dépasse %u octets ; un guillemet n'est-il pas fermé ?"},
    {"Link to the record whose PROPERTY has the column's value",
     "Lier à la fiche dont PROPRIÉTÉ a la valeur de la colonne"},
    {"List and change the settings of plugins, for a portal.",
     "Lister et changer les réglages des modules, pour un portail."},
    {"List and create the users of a portal, who own records.",
     "Lister et créer les utilisateurs d'un portail, qui possèdent des fiches."},
    {"List the methods that can be called, of all services or of one.",
     "Lister les méthodes qui peuvent être appelées, de tous les services ou d'un seul."},
    {"List the plugins of the host and their consumers, show what a plugin's file "
     "declares, sign it, make a new plugin's project, run a plugin's code where its "
     "faults are found, or change what runs.",
     "Lister les modules de l'hôte et leurs consommateurs, montrer ce que déclare le "
     "fichier d'un module, le signer, créer le projet d'un nouveau module, exécuter le "
     "code d'un module là où ses fautes se voient, ou changer ce qui tourne."},
    {"List, create, show and change portals.", "Lister, créer, montrer et changer les portails."},
    {"Listens at", "Écoute sur"},
    {"METHOD [JSON|@FILE|-]", "MÉTHODE [JSON|@FICHIER|-]"},
    {"Meaning", "Sens"},
    {"Memory", "Mémoire"},
    {"Method", "Méthode"},
    {"NAME is that of its type of records, in the plural: lower case, digits and _.\n\nExamples:\n "
     " tenon plugin new boats\n  tenon plugin new boat_trips --kind cpp --dir ~/src/trips",
     "NAME est celui de son type d'enregistrements, au pluriel : minuscules, chiffres et "
     "_.\n\nExemples :\n  tenon plugin new boats\n  tenon plugin new boat_trips --kind cpp --dir "
     "~/src/trips"},
    {"No column is called as a property of %s.",
     "Aucune colonne ne porte le nom d'une propriété de %s."},
    {"No column is mapped to the key '%s'.", "Aucune colonne ne remplit la clé « %s »."},
    {"No property for these columns, left out:", "Pas de propriété pour ces colonnes, omises :"},
    {"Only records that fit; all of several must",
     "Seulement les fiches qui conviennent ; à tous s'ils sont plusieurs"},
    {"Only these, in this order; else all that can be written",
     "Seulement celles-ci, dans cet ordre ; sinon toutes celles qu'on peut écrire"},
    {"Options of all commands:", "Options de toutes les commandes :"},
    {"Plugin", "Module"},
    {"Plugins failed", "Modules en échec"},
    {"Plugins running", "Modules en marche"},
    {"Portal", "Portail"},
    {"Position", "Position"},
    {"Print JSON instead of tables", "Afficher du JSON au lieu de tableaux"},
    {"Print changes as they happen, of all object types or of one. Ctrl-C ends it.",
     "Afficher les changements quand ils se produisent, de tous les types d'objet ou d'un seul. "
     "Ctrl-C y met fin."},
    {"Print program version", "Afficher la version du programme"},
    {"Print what Prometheus reads, as its text", "Afficher ce que lit Prometheus, dans son format"},
    {"Property", "Propriété"},
    {"Put a plugin in the place of the one with its id, while calls go on.",
     "Mettre un module à la place de celui qui a son identifiant, sans interrompre les "
     "appels."},
    {"Read a CSV file into an object type. Importing it again changes nothing.",
     "Lire un fichier CSV dans un type d'objet. L'importer à nouveau ne change rien."},
    {"Record", "Fiche"},
    {"Record %llu has more than %d links.", "La fiche %llu a plus de %d liens."},
    {"Refers to", "Désigne"},
    {"Revoked (UTC)", "Révoqué (UTC)"},
    {"Run a plugin's code in a process of its own, on sample records, and say what is wrong with "
     "it.",
     "Exécute le code d'un module dans un processus à part, sur des enregistrements d'essai, et "
     "dit ce qui ne va pas."},
    {"Say what would happen and write nothing", "Dire ce qui se passerait et ne rien écrire"},
    {"Scopes", "Droits"},
    {"Setting", "Réglage"},
    {"Setting no value brings the default back.\n\nExamples:\n  tenon setting list "
     "tenon.contacts\n  tenon setting set tenon.contacts.company_from_email true",
     "Sans valeur, le réglage par défaut revient.\n\nExemples :\n  tenon setting list "
     "tenon.contacts\n  tenon setting set tenon.contacts.company_from_email true"},
    {"Show how the host is doing.", "Montrer comment va l'hôte."},
    {"Show the properties and associations of an object type, or the shape of a method's request "
     "and response.",
     "Montrer les propriétés et les associations d'un type d'objet, ou la forme de la requête et "
     "de la réponse d'une méthode."},
    {"Standard input cannot be spooled: %s.",
     "L'entrée standard ne peut pas être mise en fichier : %s."},
    {"Standard input is too large: give a file instead.",
     "L'entrée standard est trop grande : donnez plutôt un fichier."},
    {"Standard output cannot be written.", "La sortie standard ne peut pas être écrite."},
    {"Start a plugin again that was disabled.", "Redémarrer un module qui a été désactivé."},
    {"Started (UTC)", "Démarré (UTC)"},
    {"State", "État"},
    {"Stop the host that has the directory first.\n",
     "Arrêtez d'abord l'hôte qui tient ce dossier.\n"},
    {"Stopped; what was imported stays. To go on:\n  tenon import",
     "Arrêté ; ce qui a été importé reste. Pour continuer :\n  tenon import"},
    {"Summary", "Résumé"},
    {"Take a plugin out until it is enabled, over restarts too. Its records stay.",
     "Retirer un module jusqu'à ce qu'il soit réactivé, même après un redémarrage. Ses "
     "fiches restent."},
    {"Team", "Équipe"},
    {"The cell holds more than %d keys.", "La cellule contient plus de %d clés."},
    {"The directory's name is too long.", "Le nom du dossier est trop long."},
    {"The file '%s' cannot be read or written: %s",
     "Le fichier « %s » ne peut être lu ou écrit : %s"},
    {"The file cannot be read: %s.", "Le fichier ne peut pas être lu : %s."},
    {"The file has no column '%s'.", "Le fichier n'a pas de colonne « %s »."},
    {"The file has two columns '%s'.", "Le fichier a deux colonnes « %s »."},
    {"The file is UTF-16: save it as UTF-8.",
     "Le fichier est en UTF-16 : enregistrez-le en UTF-8."},
    {"The file is empty: it needs a header.", "Le fichier est vide : il lui faut un en-tête."},
    {"The file's header cannot be read (%s).", "L'en-tête du fichier ne peut pas être lu (%s)."},
    {"The host's descriptors cannot be read.",
     "Les descripteurs de l'hôte ne peuvent pas être lus."},
    {"The host's descriptors go past a bound of this program: %s.",
     "Les descripteurs de l'hôte dépassent une limite de ce programme : %s."},
    {"The host's descriptors name the type '%s' and do not hold it.",
     "Les descripteurs de l'hôte nomment le type « %s » et ne le contiennent pas."},
    {"The language of its data", "La langue de ses données"},
    {"The language of messages and labels", "La langue des messages et des libellés"},
    {"The last day of the two years; today without it",
     "Le dernier jour des deux ans ; aujourd'hui à défaut"},
    {"The mapping is for '%s', not for '%s'.",
     "La correspondance est pour « %s », pas pour « %s »."},
    {"The object type is missing: give --type, or 'type' in the mapping.",
     "Le type d'objet manque : donnez --type, ou « type » dans la correspondance."},
    {"The object type; or the mapping says it",
     "Le type d'objet ; à moins que la correspondance ne le dise"},
    {"The portal to work in", "Le portail où travailler"},
    {"The request is JSON as protobuf maps it. Two short forms spare typing: where a value is "
     "expected, a bare string, number or true stands for it as a person writes it, and where "
     "properties are expected, an object does, null for no value. Decimals of more than 15 digits "
     "are exact as strings only.\n\nExamples:\n  tenon call tenon.admin.v1.Status/Get\n  tenon "
     "call tenon.records.v1.Records/Create \\\n    '{\"type\": \"contacts\", \"properties\": "
     "{\"email\": \"ada@example.com\"}}'\n  tenon call tenon.records.v1.Records/Get '{\"type\": "
     "\"contacts\",\n    \"key\": {\"property\": \"email\", \"value\": \"ada@example.com\"}}'\n  "
     "tenon call tenon.records.v1.Search/Count @request.json",
     "La requête est en JSON, comme protobuf le définit. Deux formes courtes épargnent de la "
     "frappe : où une valeur est attendue, une chaîne, un nombre ou true seuls en tiennent lieu, "
     "comme une personne l'écrit ; où des propriétés sont attendues, un objet en tient lieu, null "
     "pour aucune valeur. Les décimaux de plus de 15 chiffres ne sont exacts qu'en "
     "chaînes.\n\nExemples :\n  tenon call tenon.admin.v1.Status/Get\n  tenon call "
     "tenon.records.v1.Records/Create \\\n    '{\"type\": \"contacts\", \"properties\": "
     "{\"email\": \"ada@example.com\"}}'\n  tenon call tenon.records.v1.Records/Get '{\"type\": "
     "\"contacts\",\n    \"key\": {\"property\": \"email\", \"value\": \"ada@example.com\"}}'\n  "
     "tenon call tenon.records.v1.Search/Count @request.json"},
    {"The request is no JSON: line %d, column %d: %s.",
     "La requête n'est pas du JSON : ligne %d, colonne %d : %s."},
    {"The row has %u cells, the header has %u.", "La ligne a %u cellules, l'en-tête en a %u."},
    {"The row has more cells than can be read.",
     "La ligne a plus de cellules qu'on ne peut en lire."},
    {"The row holds a NUL byte.", "La ligne contient un octet nul."},
    {"The row is not UTF-8.", "La ligne n'est pas en UTF-8."},
    {"The same seed and day give the same data, so that running it twice changes nothing. Nobody "
     "real can be reached: domains end in .example, telephone numbers are kept for "
     "fiction.\n\nExamples:\n  tenon demo\n  tenon demo --portal training --seed 7 --now "
     "2024-06-30",
     "La même graine et le même jour donnent les mêmes données : relancer ne change rien. Personne "
     "de réel ne peut être joint : les domaines finissent par .example, les numéros de téléphone "
     "sont réservés à la fiction.\n\nExemples :\n  tenon demo\n  tenon demo --portal training "
     "--seed 7 --now 2024-06-30"},
    {"The system has no descriptor left.", "Le système n'a plus de descripteur."},
    {"The team", "L'équipe"},
    {"The text becomes longer than %d bytes.", "Le texte dépasse %d octets après transformation."},
    {"The text is longer than %d bytes.", "Le texte dépasse %d octets."},
    {"The text is not UTF-8.", "Le texte n'est pas en UTF-8."},
    {"The unique property that tells whether a row is new; without, every row is",
     "La propriété unique qui dit si une ligne est nouvelle ; sans elle, toutes le sont"},
    {"There are more than %d columns.", "Il y a plus de %d colonnes."},
    {"There are more than %d filters.", "Il y a plus de %d filtres."},
    {"There are more than these.\n", "Il y en a d'autres.\n"},
    {"There is no day '%.*s'.", "Il n'y a pas de jour « %.*s »."},
    {"They begin with the new one once it is started. If anything is wrong with it, the "
     "old one serves as before. The host reads the file, and puts it in the place of "
     "the old one's.\n\nExample:\n  tenon plugin replace "
     "build/lib/tenon/plugins/contacts.so",
     "Ils commencent avec le nouveau une fois qu'il a démarré. Si quelque chose ne va "
     "pas, l'ancien sert comme avant. L'hôte lit le fichier et le met à la place de "
     "celui de l'ancien.\n\nExemple :\n  tenon plugin replace "
     "build/lib/tenon/plugins/contacts.so"},
    {"This build cannot inspect '%s'.", "Cette version ne sait pas inspecter « %s »."},
    {"This is shown only now: keep it where nobody else reads it.\n",
     "Ceci ne s'affiche que maintenant : gardez-le où personne d'autre ne lit.\n"},
    {"Time zone", "Fuseau horaire"},
    {"Timer", "Minuterie"},
    {"Title", "Titre"},
    {"To", "Vers"},
    {"Token", "Jeton"},
    {"Type", "Type"},
    {"Upload a file and print its hash, or download what has a hash.",
     "Envoyer un fichier et afficher son empreinte, ou recevoir ce qui a une empreinte."},
    {"Value", "Valeur"},
    {"Walk everything that a stopped host keeps, and tell what does not fit together.",
     "Parcourir tout ce que garde un hôte arrêté, et dire ce qui ne va pas ensemble."},
    {"What columns become: a mapping, see tenon-import(1)",
     "Ce que deviennent les colonnes : une correspondance, voir tenon-import(1)"},
    {"What people call it", "Comment on l'appelle"},
    {"What the host sent is no %s.", "Ce que l'hôte a envoyé n'est pas %s."},
    {"Where the host listens: ipc://PATH, tcp://HOST:PORT",
     "Où l'hôte écoute : ipc://CHEMIN, tcp://HÔTE:PORT"},
    {"Who is calling, where the host asks for it", "Qui appelle, si l'hôte le demande"},
    {"Whom to trust at tls+tcp URLs: certificates in PEM",
     "À qui se fier aux URL tls+tcp : certificats en PEM"},
    {"Why", "Pourquoi"},
    {"Work with a Tenon host from the command line.",
     "Travailler avec un hôte Tenon depuis la ligne de commande."},
    {"Write the project of a new plugin: its source, a test in a real host, and how it is built.",
     "Écrit le projet d'un nouveau module : sa source, un test dans un vrai hôte, et comment le "
     "construire."},
    {"Write the records of an object type to standard output.",
     "Écrire les fiches d'un type d'objet sur la sortie standard."},
    {"Write what is refused to a CSV file", "Écrire ce qui est refusé dans un fichier CSV"},
    {"a list of at most 64 steps", "une liste de 64 étapes au plus"},
    {"a list of tables", "une liste de tables"},
    {"a list of texts", "une liste de textes"},
    {"a number from -1000 to 1000", "un nombre de -1000 à 1000"},
    {"a pattern such as \"DD-MM-YYYY\"", "un modèle comme « DD-MM-YYYY »"},
    {"a table", "une table"},
    {"a table, or the name of one in [lookups]", "une table, ou le nom d'une table de [lookups]"},
    {"a text", "un texte"},
    {"a text that is not empty", "un texte non vide"},
    {"a text with columns as {name}", "un texte avec des colonnes comme {nom}"},
    {"and %llu more; --errors FILE writes them all\n",
     "et %llu de plus ; --errors FICHIER les écrit toutes\n"},
    {"archived", "archivé"},
    {"call a method with JSON and print its answer",
     "appeler une méthode en JSON et afficher sa réponse"},
    {"changed", "changé"},
    {"create, list and revoke what programs are let in with",
     "créer, lister et révoquer ce qui laisse entrer des programmes"},
    {"created", "créé"},
    {"data (declarations only), code or cpp; else code",
     "data (déclarations seules), code ou cpp ; sinon code"},
    {"dead letters of this consumer", "lettres mortes de ce consommateur"},
    {"dead letters of this timer", "lettres mortes de cette minuterie"},
    {"drop this change only", "n'abandonner que ce changement"},
    {"fill a portal with demo data", "remplir un portail de données de démonstration"},
    {"give them to the plugin again", "les donner encore au module"},
    {"import %llu: %llu rows, %u %%", "import %llu : %llu lignes, %u %%"},
    {"line %llu", "ligne %llu"},
    {"linked", "lié"},
    {"list\ncreate NAME\nget NAME\nupdate NAME", "list\ncreate NOM\nget NOM\nupdate NOM"},
    {"list\ninspect FILE", "list\ninspect FICHIER"},
    {"list\ninspect FILE\nconsumers [PLUGIN]\ndead-letters [PLUGIN]",
     "list\ninspect FICHIER\nconsumers [MODULE]\ndead-letters [MODULE]"},
    {"list [PLUGIN]\nset PLUGIN.NAME VALUE\nset PLUGIN.NAME",
     "list [MODULE]\nset MODULE.NOM VALEUR\nset MODULE.NOM"},
    {"list and change the settings of plugins", "lister et changer les réglages des modules"},
    {"list and create users, who own records",
     "lister et créer les utilisateurs, qui possèdent des fiches"},
    {"list plugins, or inspect a plugin's file",
     "lister les modules, ou inspecter le fichier d'un module"},
    {"list what can be called", "lister ce qui peut être appelé"},
    {"list, create, show and change portals", "lister, créer, montrer et changer les portails"},
    {"of this record only", "de cette fiche seulement"},
    {"of what is got: at most so many", "de ce qui est reçu : autant au plus"},
    {"of what is got: pass over so many", "de ce qui est reçu : en passer autant"},
    {"one character", "un seul caractère"},
    {"print changes as they happen", "afficher les changements quand ils se produisent"},
    {"purged", "effacé"},
    {"put files into a portal, and get them out",
     "mettre des fichiers dans un portail, et les en sortir"},
    {"read a CSV file into an object type", "lire un fichier CSV dans un type d'objet"},
    {"read all blobs and compare them with their hashes",
     "lire tous les blobs et les comparer à leurs empreintes"},
    {"read, write, schema or admin; repeatable", "read, write, schema ou admin ; répétable"},
    {"restored", "restauré"},
    {"schema", "schéma"},
    {"show an object type, a method or a message",
     "montrer un type d'objet, une méthode ou un message"},
    {"show how the host is doing", "montrer comment va l'hôte"},
    {"take them away for ever", "les enlever pour toujours"},
    {"tenon: standard output cannot be written.\n",
     "tenon : la sortie standard ne peut pas être écrite.\n"},
    {"tenon: the connection is lost; trying again.\n",
     "tenon : la connexion est perdue ; nouvel essai.\n"},
    {"tenon: there is no command '%s'.\n", "tenon : il n'y a pas de commande « %s ».\n"},
    {"the format is csv or jsonl", "le format est csv ou jsonl"},
    {"the host's data directory", "le dossier de données de l'hôte"},
    {"the language is en or fr", "la langue est en ou fr"},
    {"true or false", "true ou false"},
    {"updated", "modifié"},
    {"verify the data of a host that is stopped", "vérifier les données d'un hôte arrêté"},
    {"write the records of an object type as CSV or JSON lines",
     "écrire les fiches d'un type d'objet en CSV ou en lignes JSON"},
    {"write to FILE, not to standard output", "écrire dans FILE, et non sur la sortie standard"},
    {"writing companies", "écriture des sociétés"},
    {"writing contacts", "écriture des contacts"},
    {"writing deals", "écriture des transactions"},
    {"writing line items", "écriture des lignes"},
    {"writing products", "écriture des produits"},
    {"writing tickets", "écriture des tickets"},
    {"writing users", "écriture des utilisateurs"},
};

const size_t cli_text_count = sizeof(cli_texts) / sizeof(cli_texts[0]);
