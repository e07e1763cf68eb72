/** A small shop: one page that asks a web service, a gRPC service and a database. */
package com.example.shop;
