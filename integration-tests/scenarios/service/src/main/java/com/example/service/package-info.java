/** A small service as anybody might write it: two pages, each of which asks one dependency. */
package com.example.service;
