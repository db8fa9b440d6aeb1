terraform {
  required_providers {
    quiva = {
      source = "quivaworks/quiva"
    }
  }
}
