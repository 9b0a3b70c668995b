"""What is printed and handed over: self-contained HTML pages, CSV tables, PDF. Everything shown is escaped here."""
