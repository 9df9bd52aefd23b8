"""The members' pages about money: today, sales, gateway accounts, the test chat's payments."""
