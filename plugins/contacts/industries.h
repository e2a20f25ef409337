/* SPDX-License-Identifier: Apache-2.0 */
/*
 * industries.h - the sectors of companies, under the names that integrators know: X(name, English,
 * French) for each. One list feeds the options and their translations.
 */
#ifndef PLUGINS_CONTACTS_INDUSTRIES_H
#define PLUGINS_CONTACTS_INDUSTRIES_H

/* clang-format off */
#define CONTACTS_INDUSTRIES(X) \
    X("ACCOUNTING", "Accounting", "Comptabilité") \
    X("AIRLINES_AVIATION", "Airlines and aviation", "Compagnies aériennes et aviation") \
    X("ALTERNATIVE_DISPUTE_RESOLUTION", "Alternative dispute resolution", "Règlement extrajudiciaire des litiges") \
    X("ALTERNATIVE_MEDICINE", "Alternative medicine", "Médecines alternatives") \
    X("ANIMATION", "Animation", "Animation") \
    X("APPAREL_FASHION", "Apparel and fashion", "Habillement et mode") \
    X("ARCHITECTURE_PLANNING", "Architecture and planning", "Architecture et urbanisme") \
    X("ARTS_AND_CRAFTS", "Arts and crafts", "Artisanat d'art") \
    X("AUTOMOTIVE", "Automotive", "Automobile") \
    X("AVIATION_AEROSPACE", "Aviation and aerospace", "Aéronautique et espace") \
    X("BANKING", "Banking", "Banque") \
    X("BIOTECHNOLOGY", "Biotechnology", "Biotechnologies") \
    X("BROADCAST_MEDIA", "Broadcast media", "Radio et télévision") \
    X("BUILDING_MATERIALS", "Building materials", "Matériaux de construction") \
    X("BUSINESS_SUPPLIES_AND_EQUIPMENT", "Business supplies and equipment", "Fournitures et équipements de bureau") \
    X("CAPITAL_MARKETS", "Capital markets", "Marchés de capitaux") \
    X("CHEMICALS", "Chemicals", "Chimie") \
    X("CIVIC_SOCIAL_ORGANIZATION", "Civic and social organization", "Organisations civiques et sociales") \
    X("CIVIL_ENGINEERING", "Civil engineering", "Génie civil") \
    X("COMMERCIAL_REAL_ESTATE", "Commercial real estate", "Immobilier commercial") \
    X("COMPUTER_NETWORK_SECURITY", "Computer and network security", "Sécurité informatique et des réseaux") \
    X("COMPUTER_GAMES", "Computer games", "Jeux vidéo") \
    X("COMPUTER_HARDWARE", "Computer hardware", "Matériel informatique") \
    X("COMPUTER_NETWORKING", "Computer networking", "Réseaux informatiques") \
    X("COMPUTER_SOFTWARE", "Computer software", "Logiciels") \
    X("INTERNET", "Internet", "Internet") \
    X("CONSTRUCTION", "Construction", "Bâtiment et travaux publics") \
    X("CONSUMER_ELECTRONICS", "Consumer electronics", "Électronique grand public") \
    X("CONSUMER_GOODS", "Consumer goods", "Biens de consommation") \
    X("CONSUMER_SERVICES", "Consumer services", "Services aux consommateurs") \
    X("COSMETICS", "Cosmetics", "Cosmétiques") \
    X("DAIRY", "Dairy", "Produits laitiers") \
    X("DEFENSE_SPACE", "Defense and space", "Défense et espace") \
    X("DESIGN", "Design", "Design") \
    X("EDUCATION_MANAGEMENT", "Education management", "Gestion de l'enseignement") \
    X("E_LEARNING", "E-learning", "Formation en ligne") \
    X("ELECTRICAL_ELECTRONIC_MANUFACTURING", "Electrical and electronic manufacturing", "Industrie électrique et électronique") \
    X("ENTERTAINMENT", "Entertainment", "Divertissement") \
    X("ENVIRONMENTAL_SERVICES", "Environmental services", "Services environnementaux") \
    X("EVENTS_SERVICES", "Events services", "Événementiel") \
    X("EXECUTIVE_OFFICE", "Executive office", "Direction générale") \
    X("FACILITIES_SERVICES", "Facilities services", "Services généraux") \
    X("FARMING", "Farming", "Agriculture") \
    X("FINANCIAL_SERVICES", "Financial services", "Services financiers") \
    X("FINE_ART", "Fine art", "Beaux-arts") \
    X("FISHERY", "Fishery", "Pêche") \
    X("FOOD_BEVERAGES", "Food and beverages", "Alimentation et boissons") \
    X("FOOD_PRODUCTION", "Food production", "Agroalimentaire") \
    X("FUND_RAISING", "Fund-raising", "Collecte de fonds") \
    X("FURNITURE", "Furniture", "Meubles") \
    X("GAMBLING_CASINOS", "Gambling and casinos", "Jeux et casinos") \
    X("GLASS_CERAMICS_CONCRETE", "Glass, ceramics and concrete", "Verre, céramique et béton") \
    X("GOVERNMENT_ADMINISTRATION", "Government administration", "Administration publique") \
    X("GOVERNMENT_RELATIONS", "Government relations", "Relations gouvernementales") \
    X("GRAPHIC_DESIGN", "Graphic design", "Graphisme") \
    X("HEALTH_WELLNESS_AND_FITNESS", "Health, wellness and fitness", "Santé, bien-être et forme") \
    X("HIGHER_EDUCATION", "Higher education", "Enseignement supérieur") \
    X("HOSPITAL_HEALTH_CARE", "Hospital and health care", "Hôpitaux et soins") \
    X("HOSPITALITY", "Hospitality", "Hôtellerie") \
    X("HUMAN_RESOURCES", "Human resources", "Ressources humaines") \
    X("IMPORT_AND_EXPORT", "Import and export", "Import et export") \
    X("INDIVIDUAL_FAMILY_SERVICES", "Individual and family services", "Services à la personne") \
    X("INDUSTRIAL_AUTOMATION", "Industrial automation", "Automatisation industrielle") \
    X("INFORMATION_SERVICES", "Information services", "Services d'information") \
    X("INFORMATION_TECHNOLOGY_AND_SERVICES", "Information technology and services", "Technologies et services de l'information") \
    X("INSURANCE", "Insurance", "Assurance") \
    X("INTERNATIONAL_AFFAIRS", "International affairs", "Affaires internationales") \
    X("INTERNATIONAL_TRADE_AND_DEVELOPMENT", "International trade and development", "Commerce international et développement") \
    X("INVESTMENT_BANKING", "Investment banking", "Banque d'investissement") \
    X("INVESTMENT_MANAGEMENT", "Investment management", "Gestion de placements") \
    X("JUDICIARY", "Judiciary", "Justice") \
    X("LAW_ENFORCEMENT", "Law enforcement", "Maintien de l'ordre") \
    X("LAW_PRACTICE", "Law practice", "Cabinets d'avocats") \
    X("LEGAL_SERVICES", "Legal services", "Services juridiques") \
    X("LEGISLATIVE_OFFICE", "Legislative office", "Assemblées législatives") \
    X("LEISURE_TRAVEL_TOURISM", "Leisure, travel and tourism", "Loisirs, voyages et tourisme") \
    X("LIBRARIES", "Libraries", "Bibliothèques") \
    X("LOGISTICS_AND_SUPPLY_CHAIN", "Logistics and supply chain", "Logistique et chaîne d'approvisionnement") \
    X("LUXURY_GOODS_JEWELRY", "Luxury goods and jewelry", "Luxe et joaillerie") \
    X("MACHINERY", "Machinery", "Machines") \
    X("MANAGEMENT_CONSULTING", "Management consulting", "Conseil en gestion") \
    X("MARITIME", "Maritime", "Maritime") \
    X("MARKET_RESEARCH", "Market research", "Études de marché") \
    X("MARKETING_AND_ADVERTISING", "Marketing and advertising", "Marketing et publicité") \
    X("MECHANICAL_OR_INDUSTRIAL_ENGINEERING", "Mechanical or industrial engineering", "Génie mécanique ou industriel") \
    X("MEDIA_PRODUCTION", "Media production", "Production audiovisuelle") \
    X("MEDICAL_DEVICES", "Medical devices", "Dispositifs médicaux") \
    X("MEDICAL_PRACTICE", "Medical practice", "Cabinets médicaux") \
    X("MENTAL_HEALTH_CARE", "Mental health care", "Santé mentale") \
    X("MILITARY", "Military", "Armée") \
    X("MINING_METALS", "Mining and metals", "Mines et métaux") \
    X("MOTION_PICTURES_AND_FILM", "Motion pictures and film", "Cinéma") \
    X("MUSEUMS_AND_INSTITUTIONS", "Museums and institutions", "Musées et institutions") \
    X("MUSIC", "Music", "Musique") \
    X("NANOTECHNOLOGY", "Nanotechnology", "Nanotechnologies") \
    X("NEWSPAPERS", "Newspapers", "Presse") \
    X("NON_PROFIT_ORGANIZATION_MANAGEMENT", "Non-profit organization management", "Organisations à but non lucratif") \
    X("OIL_ENERGY", "Oil and energy", "Pétrole et énergie") \
    X("ONLINE_MEDIA", "Online media", "Médias en ligne") \
    X("OUTSOURCING_OFFSHORING", "Outsourcing and offshoring", "Externalisation") \
    X("PACKAGE_FREIGHT_DELIVERY", "Package and freight delivery", "Messagerie et fret") \
    X("PACKAGING_AND_CONTAINERS", "Packaging and containers", "Emballages et conteneurs") \
    X("PAPER_FOREST_PRODUCTS", "Paper and forest products", "Papier et bois") \
    X("PERFORMING_ARTS", "Performing arts", "Arts de la scène") \
    X("PHARMACEUTICALS", "Pharmaceuticals", "Industrie pharmaceutique") \
    X("PHILANTHROPY", "Philanthropy", "Philanthropie") \
    X("PHOTOGRAPHY", "Photography", "Photographie") \
    X("PLASTICS", "Plastics", "Plasturgie") \
    X("POLITICAL_ORGANIZATION", "Political organization", "Organisations politiques") \
    X("PRIMARY_SECONDARY_EDUCATION", "Primary and secondary education", "Enseignement primaire et secondaire") \
    X("PRINTING", "Printing", "Imprimerie") \
    X("PROFESSIONAL_TRAINING_COACHING", "Professional training and coaching", "Formation professionnelle et accompagnement") \
    X("PROGRAM_DEVELOPMENT", "Program development", "Développement de programmes") \
    X("PUBLIC_POLICY", "Public policy", "Politiques publiques") \
    X("PUBLIC_RELATIONS_AND_COMMUNICATIONS", "Public relations and communications", "Relations publiques et communication") \
    X("PUBLIC_SAFETY", "Public safety", "Sécurité publique") \
    X("PUBLISHING", "Publishing", "Édition") \
    X("RAILROAD_MANUFACTURE", "Railroad manufacture", "Construction ferroviaire") \
    X("RANCHING", "Ranching", "Élevage") \
    X("REAL_ESTATE", "Real estate", "Immobilier") \
    X("RECREATIONAL_FACILITIES_AND_SERVICES", "Recreational facilities and services", "Équipements et services de loisirs") \
    X("RELIGIOUS_INSTITUTIONS", "Religious institutions", "Institutions religieuses") \
    X("RENEWABLES_ENVIRONMENT", "Renewables and environment", "Énergies renouvelables et environnement") \
    X("RESEARCH", "Research", "Recherche") \
    X("RESTAURANTS", "Restaurants", "Restauration") \
    X("RETAIL", "Retail", "Commerce de détail") \
    X("SECURITY_AND_INVESTIGATIONS", "Security and investigations", "Sécurité et enquêtes") \
    X("SEMICONDUCTORS", "Semiconductors", "Semi-conducteurs") \
    X("SHIPBUILDING", "Shipbuilding", "Construction navale") \
    X("SPORTING_GOODS", "Sporting goods", "Articles de sport") \
    X("SPORTS", "Sports", "Sport") \
    X("STAFFING_AND_RECRUITING", "Staffing and recruiting", "Recrutement et intérim") \
    X("SUPERMARKETS", "Supermarkets", "Grande distribution") \
    X("TELECOMMUNICATIONS", "Telecommunications", "Télécommunications") \
    X("TEXTILES", "Textiles", "Textile") \
    X("THINK_TANKS", "Think tanks", "Groupes de réflexion") \
    X("TOBACCO", "Tobacco", "Tabac") \
    X("TRANSLATION_AND_LOCALIZATION", "Translation and localization", "Traduction et localisation") \
    X("TRANSPORTATION_TRUCKING_RAILROAD", "Transportation, trucking and railroad", "Transports routiers et ferroviaires") \
    X("UTILITIES", "Utilities", "Eau, gaz, électricité") \
    X("VENTURE_CAPITAL_PRIVATE_EQUITY", "Venture capital and private equity", "Capital-risque et capital-investissement") \
    X("VETERINARY", "Veterinary", "Vétérinaire") \
    X("WAREHOUSING", "Warehousing", "Entreposage") \
    X("WHOLESALE", "Wholesale", "Commerce de gros") \
    X("WINE_AND_SPIRITS", "Wine and spirits", "Vins et spiritueux") \
    X("WIRELESS", "Wireless", "Sans fil") \
    X("WRITING_AND_EDITING", "Writing and editing", "Rédaction et correction")
/* clang-format on */

#endif /* PLUGINS_CONTACTS_INDUSTRIES_H */
