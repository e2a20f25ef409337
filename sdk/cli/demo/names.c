/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - words of demo data: first names, towns, trades, products. */
#include "sdk/cli/demo/names.h"

#define WORDS(name, array) \
    const struct demo_words name = {(array), sizeof(array) / sizeof((array)[0])}

static const char *const first_names[] = {
    "Adèle",     "Adrien",  "Agathe",   "Alice",    "Amandine",  "Amélie",   "Anaïs",    "Antoine",
    "Arthur",    "Audrey",  "Aurélie",  "Baptiste", "Benjamin",  "Camille",  "Caroline", "Cédric",
    "Chloé",     "Claire",  "Clément",  "Damien",   "David",     "Delphine", "Élodie",   "Émilie",
    "Éric",      "Étienne", "Fabien",   "Fatima",   "Florence",  "Florian",  "François", "Gaëlle",
    "Guillaume", "Hélène",  "Hugo",     "Inès",     "Isabelle",  "Jérôme",   "Joëlle",   "Julie",
    "Julien",    "Karim",   "Laura",    "Laurent",  "Léa",       "Loïc",     "Louis",    "Lucie",
    "Ludovic",   "Maëlys",  "Manon",    "Marc",     "Marie",     "Mathieu",  "Maxime",   "Mehdi",
    "Mélanie",   "Michaël", "Morgane",  "Nadia",    "Nathalie",  "Nicolas",  "Noémie",   "Olivier",
    "Pascal",    "Pauline", "Philippe", "Pierre",   "Quentin",   "Raphaël",  "Rémi",     "Romain",
    "Sabrina",   "Samuel",  "Sandrine", "Sarah",    "Sébastien", "Solène",   "Sophie",   "Stéphane",
    "Sylvie",    "Théo",    "Thomas",   "Valérie",  "Vincent",   "Virginie", "Xavier",   "Yann",
    "Yasmine",   "Zoé",
};
WORDS(demo_first_names, first_names);

static const char *const last_names[] = {
    "André",    "Arnaud",    "Aubert",    "Bailly",    "Barbier",    "Baron",       "Benoît",
    "Berger",   "Bertin",    "Besson",    "Blanchard", "Bonnet",     "Boucher",     "Bourgeois",
    "Bouvier",  "Boyer",     "Brunet",    "Caron",     "Carpentier", "Charpentier", "Chevalier",
    "Clerc",    "Colin",     "Collet",    "Cordier",   "Cousin",     "Da Silva",    "Daniel",
    "Delattre", "Delmas",    "Deschamps", "Dubois",    "Dufour",     "Dumas",       "Dumont",
    "Dupuis",   "Duval",     "Étienne",   "Fabre",     "Faure",      "Ferrand",     "Fleury",
    "Fontaine", "Fournier",  "Gaillard",  "Garnier",   "Gauthier",   "Gérard",      "Germain",
    "Giraud",   "Girard",    "Guérin",    "Guillot",   "Hamon",      "Haddad",      "Henry",
    "Hervé",    "Hoarau",    "Hubert",    "Jacquet",   "Joly",       "Lacroix",     "Lambert",
    "Langlois", "Leclercq",  "Lefèvre",   "Lemaire",   "Leroux",     "Lévêque",     "Lopez",
    "Maillard", "Mallet",    "Marchand",  "Maréchal",  "Masson",     "Mercier",     "Meunier",
    "Millet",   "Monnier",   "Moreau",    "Morel",     "Nguyen",     "Nicolas",     "Noël",
    "Olivier",  "Pelletier", "Perrin",    "Picard",    "Poirier",    "Prévost",     "Renard",
    "Rivière",  "Robin",     "Roussel",   "Royer",     "Schmitt",    "Tessier",     "Thévenet",
    "Traoré",   "Vasseur",   "Vidal",     "Weber",
};
WORDS(demo_last_names, last_names);

static const char *const streets[] = {
    "rue de la République",     "avenue Jean-Jaurès",
    "rue Victor-Hugo",          "rue des Artisans",
    "avenue de l'Europe",       "rue du Moulin",
    "zone d'activités du Parc", "rue Pasteur",
    "boulevard Gambetta",       "rue de l'Industrie",
    "chemin des Vignes",        "quai de la Fosse",
    "rue Louis-Blériot",        "avenue du Général-Leclerc",
    "rue des Tilleuls",         "place du Marché",
    "rue Marie-Curie",          "allée des Platanes",
    "route de Paris",           "rue du Port",
};
WORDS(demo_streets, streets);

static const char *const legal_forms[] = {"SAS", "SARL", "SA", "SAS", "SARL", "SASU", "SCOP"};
WORDS(demo_legal_forms, legal_forms);

static const char *const jobs[] = {
    "Direction générale",
    "Direction des achats",
    "Direction industrielle",
    "Direction des systèmes d'information",
    "Direction administrative et financière",
    "Gérance",
    "Responsable maintenance",
    "Responsable de production",
    "Responsable qualité",
    "Achats",
    "Ingénierie des méthodes",
    "Responsable de site",
    "Assistance de direction",
    "Chefferie d'atelier",
    "Responsable énergie",
    "Contrôle de gestion",
};
WORDS(demo_jobs, jobs);

static const char *const teams[] = {"Grands comptes", "Île-de-France et Nord", "Sud et Ouest"};
WORDS(demo_teams, teams);

static const char *const projects[] = {
    "Équipement de l'atelier",
    "Supervision multisite",
    "Renouvellement du contrat",
    "Audit énergétique",
    "Extension du parc",
    "Maintenance prédictive",
    "Projet pilote",
    "Mise en conformité",
    "Modernisation de la ligne",
};
WORDS(demo_projects, projects);

/* Telephone prefixes: kept for fiction by decision 2018-0881 of the regulator. */
const struct demo_city demo_cities[] = {
    {"Paris", "75011", "Île-de-France", "01 99 00"},
    {"Montreuil", "93100", "Île-de-France", "01 99 00"},
    {"Nanterre", "92000", "Île-de-France", "01 99 00"},
    {"Créteil", "94000", "Île-de-France", "01 99 00"},
    {"Versailles", "78000", "Île-de-France", "01 99 00"},
    {"Rennes", "35000", "Bretagne", "02 61 91"},
    {"Brest", "29200", "Bretagne", "02 61 91"},
    {"Nantes", "44000", "Pays de la Loire", "02 61 91"},
    {"Angers", "49000", "Pays de la Loire", "02 61 91"},
    {"Le Mans", "72000", "Pays de la Loire", "02 61 91"},
    {"Caen", "14000", "Normandie", "02 61 91"},
    {"Rouen", "76000", "Normandie", "02 61 91"},
    {"Tours", "37000", "Centre-Val de Loire", "02 61 91"},
    {"Orléans", "45000", "Centre-Val de Loire", "02 61 91"},
    {"Lille", "59000", "Hauts-de-France", "03 53 01"},
    {"Amiens", "80000", "Hauts-de-France", "03 53 01"},
    {"Reims", "51100", "Grand Est", "03 53 01"},
    {"Strasbourg", "67000", "Grand Est", "03 53 01"},
    {"Metz", "57000", "Grand Est", "03 53 01"},
    {"Dijon", "21000", "Bourgogne-Franche-Comté", "03 53 01"},
    {"Sens", "89100", "Bourgogne-Franche-Comté", "03 53 01"},
    {"Besançon", "25000", "Bourgogne-Franche-Comté", "03 53 01"},
    {"Lyon", "69003", "Auvergne-Rhône-Alpes", "04 65 71"},
    {"Villeurbanne", "69100", "Auvergne-Rhône-Alpes", "04 65 71"},
    {"Grenoble", "38000", "Auvergne-Rhône-Alpes", "04 65 71"},
    {"Annecy", "74000", "Auvergne-Rhône-Alpes", "04 65 71"},
    {"Clermont-Ferrand", "63000", "Auvergne-Rhône-Alpes", "04 65 71"},
    {"Saint-Étienne", "42000", "Auvergne-Rhône-Alpes", "04 65 71"},
    {"Marseille", "13008", "Provence-Alpes-Côte d'Azur", "04 65 71"},
    {"Aix-en-Provence", "13100", "Provence-Alpes-Côte d'Azur", "04 65 71"},
    {"Nice", "06000", "Provence-Alpes-Côte d'Azur", "04 65 71"},
    {"Montpellier", "34000", "Occitanie", "04 65 71"},
    {"Nîmes", "30000", "Occitanie", "04 65 71"},
    {"Toulouse", "31000", "Occitanie", "05 36 49"},
    {"Albi", "81000", "Occitanie", "05 36 49"},
    {"Bordeaux", "33000", "Nouvelle-Aquitaine", "05 36 49"},
    {"Limoges", "87000", "Nouvelle-Aquitaine", "05 36 49"},
    {"Poitiers", "86000", "Nouvelle-Aquitaine", "05 36 49"},
    {"Pau", "64000", "Nouvelle-Aquitaine", "05 36 49"},
};
const size_t demo_city_count = sizeof(demo_cities) / sizeof(demo_cities[0]);

const struct demo_trade demo_trades[] = {
    {"Transports", "TRANSPORTATION_TRUCKING_RAILROAD", 400, 130000},
    {"Menuiserie", "FURNITURE", 60, 110000},
    {"Mécanique", "MACHINERY", 250, 160000},
    {"Imprimerie", "PRINTING", 90, 120000},
    {"Laiterie", "DAIRY", 300, 280000},
    {"Brasserie", "FOOD_BEVERAGES", 80, 200000},
    {"Biscuiterie", "FOOD_PRODUCTION", 150, 190000},
    {"Plastiques", "PLASTICS", 200, 180000},
    {"Électronique", "ELECTRICAL_ELECTRONIC_MANUFACTURING", 180, 170000},
    {"Constructions", "CONSTRUCTION", 220, 150000},
    {"Matériaux", "BUILDING_MATERIALS", 160, 210000},
    {"Chimie", "CHEMICALS", 350, 320000},
    {"Textiles", "TEXTILES", 120, 110000},
    {"Aéro", "AVIATION_AEROSPACE", 450, 190000},
    {"Environnement", "ENVIRONMENTAL_SERVICES", 140, 120000},
    {"Emballages", "PACKAGING_AND_CONTAINERS", 170, 180000},
    {"Papeterie", "PAPER_FOREST_PRODUCTS", 200, 220000},
    {"Logistique", "LOGISTICS_AND_SUPPLY_CHAIN", 380, 110000},
    {"Verrerie", "GLASS_CERAMICS_CONCRETE", 240, 150000},
    {"Automobiles", "AUTOMOTIVE", 300, 240000},
};
const size_t demo_trade_count = sizeof(demo_trades) / sizeof(demo_trades[0]);

const struct demo_product demo_product_list[DEMO_PRODUCTS] = {
    {"CV-100", "Capteur de vibration CV-100", "Capteur sans fil, pile de cinq ans", 24900},
    {"CT-20", "Capteur de température CT-20", "De -40 à 125 °C, IP67", 12900},
    {"CE-3P", "Compteur d'énergie triphasé CE-3P", "Pinces ouvrantes, classe 1", 38500},
    {"PX-4", "Passerelle PX-4", "Relie 64 capteurs au réseau de l'usine", 89000},
    {"PX-16", "Passerelle PX-16", "Relie 256 capteurs, double alimentation", 219000},
    {"LS-1", "Licence Supervision, un site, un an", "Tableaux de bord et alertes", 480000},
    {"LS-M", "Licence Supervision multisite, un an", "Jusqu'à dix sites", 1890000},
    {"LP-1", "Licence Prédiction, un an", "Pannes annoncées trois semaines à l'avance", 960000},
    {"MP-A", "Maintenance préventive, un an", "Deux visites et pièces d'usure", 620000},
    {"FS-J", "Formation sur site, une journée", "Jusqu'à huit personnes", 145000},
    {"AE-1", "Audit énergétique", "Mesures, rapport et plan d'économies", 850000},
    {"IN-J", "Installation, une journée", "Pose, câblage et mise en service", 98000},
};

const struct demo_request demo_requests[] = {
    {"Capteur muet", "Le CV-100 de la ligne 2 n'émet plus depuis ce matin.", "PRODUCT_ISSUE"},
    {"Pile à changer", "La pile du capteur dure moins d'un an.", "PRODUCT_ISSUE"},
    {"Passerelle hors ligne", "La PX-4 perd le réseau toutes les nuits.", "PRODUCT_ISSUE"},
    {"Température incohérente", "Le CT-20 annonce 300 °C dans l'atelier.", "PRODUCT_ISSUE"},
    {"Alerte manquée", "Aucune alerte n'est partie lors de l'arrêt de mardi.", "PRODUCT_ISSUE"},
    {"Facture en double", "La licence nous a été facturée deux fois.", "BILLING_ISSUE"},
    {"Adresse de facturation", "Merci de facturer notre siège, pas l'usine.", "BILLING_ISSUE"},
    {"Bon de commande", "Le numéro de commande manque sur la facture.", "BILLING_ISSUE"},
    {"Export vers notre ERP", "Peut-on recevoir les mesures chaque nuit ?", "FEATURE_REQUEST"},
    {"Alertes par SMS", "L'équipe de nuit n'a pas d'e-mail.", "FEATURE_REQUEST"},
    {"Un site de plus", "Comment ajouter notre second site ?", "GENERAL_INQUIRY"},
    {"Formation", "Quand a lieu la prochaine formation ?", "GENERAL_INQUIRY"},
    {"Changement d'interlocuteur", "Je reprends le poste de ma collègue.", "GENERAL_INQUIRY"},
};
const size_t demo_request_count = sizeof(demo_requests) / sizeof(demo_requests[0]);
